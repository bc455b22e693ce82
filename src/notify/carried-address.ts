import { SocketAddress } from 'node:net';

/**
 * The addresses of IPv4 that may be meant by one of IPv6: where a translator or a tunnel on the way takes it.
 * @param address in any notation of IPv6.
 */
export function carriedAddresses(address: string): string[] {
  const octets = octetsOf(address);
  const at = (...places: number[]): string => places.map((place) => octets[place]).join('.');
  const hasPrefix = (hex: string): boolean => octets.subarray(0, hex.length / 2).toString('hex') === hex;
  const last = at(12, 13, 14, 15);
  if (hasPrefix('00000000000000000000ffff')) return [last]; // mapped, RFC 4291
  if (hasPrefix('0000000000000000ffff0000')) return [last]; // translated, RFC 2765
  if (hasPrefix('000000000000000000000000')) return hasPrefix('0000000000000000000000000000') ? [] : [last]; // compatible, RFC 4291
  if (hasPrefix('0064ff9b0000000000000000')) return [last]; // NAT64, RFC 6052
  // NAT64 within a network, RFC 8215. Where the address lies depends on the length of that network's prefix, RFC 6052.
  if (hasPrefix('0064ff9b0001')) return [at(6, 7, 9, 10), at(7, 9, 10, 11), at(9, 10, 11, 12), last];
  if (hasPrefix('2002')) return [at(2, 3, 4, 5)]; // 6to4, RFC 3056
  // Teredo, RFC 4380: its server, and the client with all bits turned round.
  if (hasPrefix('20010000')) return [at(4, 5, 6, 7), Array.from(octets.subarray(12), (octet) => octet ^ 255).join('.')];
  if (/^0[02]005efe$/.test(octets.subarray(8, 12).toString('hex'))) return [last]; // ISATAP, RFC 5214
  return [];
}

function octetsOf(address: string): Buffer {
  // Node writes it in one way only; four octets with dots are left for the end of some.
  const { address: usual } = new SocketAddress({ address, family: 'ipv6' });
  const [head = [], tail] = usual.split('::').map((half) => half.split(':').filter(Boolean).flatMap(octetsOfWord));
  return Buffer.from(tail ? [...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail] : head);
}

function octetsOfWord(word: string): number[] {
  return word.includes('.') ? word.split('.').map(Number) : [...Buffer.from(word.padStart(4, '0'), 'hex')];
}

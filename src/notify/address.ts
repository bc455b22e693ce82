import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { carriedAddresses } from './carried-address.ts';
import { DeliveryFailure } from './delivery.ts';

/**
 * Addresses at which no person and no program waits for news, but a platform's own services do, with credentials for
 * whoever asks: link-local ones, those of metadata services elsewhere, and those that stand for this machine without
 * naming it. Loopback and private addresses are allowed: people run their own Pushgateway, proxy or chat there.
 */
const refused = new BlockList();
refused.addSubnet('0.0.0.0', 8);
refused.addSubnet('169.254.0.0', 16); // AWS, Azure, Google, DigitalOcean, Hetzner, …; 169.254.170.2 for ECS
refused.addSubnet('224.0.0.0', 3); // multicast, reserved, broadcast
refused.addAddress('100.100.100.200'); // Alibaba
refused.addAddress('168.63.129.16'); // Azure's wire server
refused.addAddress('192.0.0.192'); // Oracle, formerly
refused.addAddress('::', 'ipv6');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addSubnet('ff00::', 8, 'ipv6');
refused.addSubnet('fd00:ec2::', 32, 'ipv6'); // AWS: metadata, DNS, time, pod identity
refused.addAddress('fd20:ce::254', 'ipv6'); // Google

/** Names of metadata services, which a proxy would resolve out of our sight. */
const refusedNames = /^(?:metadata|metadata\.google\.internal|instance-data(?:\..*)?)\.?$/i;

/**
 * Whether nothing must ever be sent to this address, in its usual notation. One of IPv6 that a translator or a tunnel
 * takes to one of IPv4 is judged by that one.
 */
export function isRefusedAddress(address: string): boolean {
  if (!address.includes(':')) return refused.check(address, 'ipv4');
  return refused.check(address, 'ipv6') || carriedAddresses(address).some((inner) => refused.check(inner, 'ipv4'));
}

/** Refuses a host that is itself such an address or name; names are looked up only when they are connected to. */
export function refuseHost(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0 ? refusedNames.test(host) : isRefusedAddress(host)) throw refusal(host);
}

/**
 * `dns.lookup` for the sockets themselves, so that what is checked is what is connected to: a name that resolves to
 * another address the next time cannot get past it.
 */
export const guardedLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    // Of an error there are none, whatever the types say.
    if (error) {
      callback(error, []);
      return;
    }
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => isRefusedAddress(address))) callback(refusal(host), []);
    else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

function refusal(host: string): DeliveryFailure {
  return new DeliveryFailure(`${host} is refused: it is a link-local address, or one of a metadata service`, {
    transient: false,
  });
}

import type { Findings } from './findings.ts';

const begin = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const end = '-----END PGP PUBLIC KEY BLOCK-----';

/**
 * The armoured OpenPGP public keys of a text, one block each, with line breaks as gpg wants them. Text that is no such
 * block is a problem, and is never shown.
 */
export function readGpgKeys(text: string, name: string, findings: Findings): string[] {
  // An env file cannot hold a line break, so people write \n.
  const plain = text.replaceAll('\\n', '\n').replaceAll('\r', '').trim();
  if (plain.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')) {
    findings.problem(`${name} holds a private key; put the public key here: gpg --armor --export KEY`);
    return [];
  }
  if (/^[~.]?\//.test(plain)) {
    findings.problem(`${name} holds a path where keys belong; set GPG_PUBLIC_KEYS_FILE to it`);
    return [];
  }
  const blocks = plain.match(new RegExp(`${begin}[^]*?${end}`, 'g')) ?? [];
  const rest = blocks.reduce((remaining, block) => remaining.replace(block, ''), plain);
  if (blocks.length === 0 || /[^\s,]/.test(rest)) {
    findings.problem(
      `${name} has text that is no armoured public key; it takes whole blocks as gpg --armor --export KEY prints them, from ${begin} to ${end}`,
    );
    return [];
  }
  return blocks.map((block, index) => {
    if (!isArmour(block)) {
      findings.problem(`${name}: key ${index + 1} is damaged; copy the whole of what gpg --armor --export KEY prints`);
    }
    return `${block}\n`;
  });
}

/** RFC 9580, section 6.2: header lines, an empty line, base64, an optional checksum. The first packet is a public key. */
function isArmour(block: string): boolean {
  const inner = block
    .slice(begin.length, -end.length)
    .split('\n')
    .map((line) => line.trim());
  const blank = inner.indexOf('', 1);
  const lines = inner.slice(blank + 1).filter((line) => line !== '');
  const checksum = lines.at(-1)?.startsWith('=') === true ? lines.pop()?.slice(1) : undefined;
  const body = lines.join('');
  if (blank === -1 || !/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return false;
  const bytes = Buffer.from(body, 'base64');
  const first = bytes[0] ?? 0;
  const packet = (first & 0x40) === 0 ? (first & 0x3c) >> 2 : first & 0x3f;
  if ((first & 0x80) === 0 || packet !== 6) return false;
  if (checksum === undefined) return true;
  const sum = Buffer.from(checksum, 'base64');
  return sum.length === 3 && sum.readUIntBE(0, 3) === crc24(bytes);
}

function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x800000) === 0 ? crc << 1 : (crc << 1) ^ 0x1864cfb;
  }
  return crc & 0xffffff;
}

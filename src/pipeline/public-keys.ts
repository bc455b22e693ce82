import { createPrivateKey, createPublicKey } from 'node:crypto';
import { bech32 } from '@scure/base';

/** What stands before the 32 bytes of an X25519 private key in PKCS #8 (RFC 8410). */
const x25519Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const opensshMagic = 'openssh-key-v1\0';

/**
 * The public keys that belong to the private keys of an age identity file, as recipients are written: `age1…`,
 * `ssh-ed25519 AAAA…`. Undefined where one is of a kind whose public key cannot be told.
 */
export function publicKeysOf(identity: string): string[] | undefined {
  if (identity.includes('-----BEGIN')) {
    const ssh = sshPublicKey(identity);
    return ssh === undefined ? undefined : [ssh];
  }
  const lines = identity.split(/\r?\n/).map((line) => line.trim());
  const found = lines.filter((line) => line !== '' && !line.startsWith('#')).map(agePublicKey);
  const known = found.filter((key) => key !== undefined);
  return known.length === found.length && known.length > 0 ? known : undefined;
}

function agePublicKey(secret: string): string | undefined {
  try {
    const { prefix, words } = bech32.decode(secret.toLowerCase() as `${string}1${string}`);
    const bytes = bech32.fromWords(words);
    if (prefix !== 'age-secret-key-' || bytes.length !== 32) return undefined;
    const key = createPrivateKey({ key: Buffer.concat([x25519Prefix, bytes]), format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
    return bech32.encode('age', bech32.toWords(spki.subarray(-32)));
  } catch {
    return undefined;
  }
}

/** OpenSSH keeps the public key in the clear before the private one, also where that has a passphrase (PROTOCOL.key). */
function sshPublicKey(pem: string): string | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(pem)?.[1];
  const bytes = Buffer.from(body ?? '', 'base64');
  if (bytes.toString('latin1', 0, opensshMagic.length) !== opensshMagic) return undefined;
  try {
    let offset = opensshMagic.length;
    const field = (): Buffer => {
      const start = offset + 4;
      offset = start + bytes.readUInt32BE(offset);
      return bytes.subarray(start, offset);
    };
    field(); // cipher
    field(); // how its key is made
    field(); // options of that
    if (bytes.readUInt32BE(offset) !== 1) return undefined;
    offset += 4;
    const blob = field();
    const type = blob.toString('latin1', 4, 4 + blob.readUInt32BE(0));
    return /^ssh-(ed25519|rsa)$/.test(type) ? `${type} ${blob.toString('base64')}` : undefined;
  } catch {
    return undefined;
  }
}

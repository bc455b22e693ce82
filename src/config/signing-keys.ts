import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** A fault of a key, which goes on after the variable's name and never holds the key. */
export class KeyFault extends Error {
  override name = 'KeyFault' as const;
}

/** How a key is made; for messages. */
const howToMake = 'openssl genpkey -algorithm ed25519 makes one, see docs/SIGNING.md';

/**
 * An ed25519 private key from its PEM (PKCS #8), or from base64 of the PEM or of what stands in it.
 * @throws {KeyFault}
 */
export function parseSigningKey(value: string): KeyObject {
  refuseForeign(value, 'MANIFEST_SIGNING_KEY_FILE');
  const [found, ...more] = keysIn(value, (pem) => createPrivateKey(pem), pkcs8);
  if (found === 'public') throw new KeyFault('holds a public key; it belongs in MANIFEST_PUBLIC_KEY');
  if (found === 'encrypted') {
    throw new KeyFault('holds a key that is locked with a passphrase, which nobody types here; take one without');
  }
  if (found === undefined) throw new KeyFault(`holds no private key: it is cut short or mistyped; ${howToMake}`);
  if (more.length > 0) throw new KeyFault('holds several keys; a backup is signed with one');
  return ed25519(found);
}

/**
 * Ed25519 public keys: PEM blocks, or base64 of them or of what stands in them, separated by commas or line breaks.
 * @throws {KeyFault}
 */
export function parsePublicKeys(value: string): KeyObject[] {
  refuseForeign(value, 'MANIFEST_PUBLIC_KEY_FILE');
  // Of a private key node makes the public one: nobody must find out like that that he has published it.
  if (keysIn(value, (pem) => createPrivateKey(pem), pkcs8).some((key) => typeof key === 'object')) throw isPrivate();
  if (value.includes('PRIVATE KEY')) throw isPrivate();
  const keys = keysIn(value, (pem) => createPublicKey(pem), spki).map((key) => {
    if (typeof key === 'object') return ed25519(key);
    throw new KeyFault(`holds a public key that is cut short or mistyped; ${howToMake}`);
  });
  if (keys.length === 0) throw new KeyFault(`holds no public key; ${howToMake}`);
  return keys;
}

/** A public key as one short line, as `MANIFEST_PUBLIC_KEY` takes it; of a private key the one that belongs to it. */
export function publicText(key: KeyObject): string {
  const part = key.type === 'private' ? createPublicKey(key) : key;
  return part.export({ format: 'der', type: 'spki' }).toString('base64');
}

function isPrivate(): KeyFault {
  return new KeyFault(
    'holds a private key; put it into MANIFEST_SIGNING_KEY, and what openssl pkey -pubout prints here',
  );
}

function refuseForeign(value: string, fileVariable: string): void {
  if (/^["']/.test(value)) throw new KeyFault('begins with a quote; env files need none');
  if (/^(?:~|\.{1,2})?\//.test(value)) {
    throw new KeyFault(`holds a path where the key belongs; set ${fileVariable} to the path`);
  }
}

function ed25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new KeyFault(`holds a key of the kind ${key.asymmetricKeyType ?? 'unknown'}, not ed25519; ${howToMake}`);
}

type Found = KeyObject | 'public' | 'encrypted' | undefined;
type FromDer = (der: Buffer) => KeyObject;

const pkcs8: FromDer = (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' });
const spki: FromDer = (key) => createPublicKey({ key, format: 'der', type: 'spki' });

/** Each key of a text; undefined for one that cannot be read. */
function keysIn(value: string, fromPem: (pem: string) => KeyObject, fromDer: FromDer): Found[] {
  // An env file cannot hold a line break, so people write \n.
  const text = value.replaceAll(String.raw`\n`, '\n').trim();
  if (text.includes('-----BEGIN')) return blocksOf(text).map((pem) => attempt(pem, () => fromPem(pem)));
  return text.split(/\s*,\s*/).flatMap((item) => {
    const lines = item.split(/\s+/).filter((line) => line !== '');
    const each = lines.map((line) => fromBase64(line, fromDer));
    if (each.length > 0 && each.every((key) => typeof key === 'object')) return each;
    const whole = Buffer.from(lines.join(''), 'base64');
    if (whole.includes('-----BEGIN')) return keysIn(whole.toString('latin1'), fromPem, fromDer);
    return lines.length === 0 ? [] : [fromBase64(lines.join(''), fromDer)];
  });
}

function blocksOf(text: string): string[] {
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]*-----END \1-----/g) ?? [];
  const begun = text.split('-----BEGIN').length - 1;
  // One that was cut short is one that cannot be read.
  return blocks.length === begun ? blocks : [...blocks, ''];
}

function fromBase64(text: string, fromDer: FromDer): Found {
  const der = Buffer.from(text, 'base64');
  return attempt('', () => fromDer(der)) ?? (readable(() => spki(der)) ? 'public' : undefined);
}

function attempt(pem: string, parse: () => KeyObject): Found {
  if (pem.includes('ENCRYPTED')) return 'encrypted';
  return readable(parse) ?? (pem.includes('BEGIN PUBLIC KEY') ? 'public' : undefined);
}

function readable(parse: () => KeyObject): KeyObject | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

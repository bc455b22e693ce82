import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { SigningConfig } from '../config/config.ts';
import { publicText } from '../config/signing-keys.ts';

/** The most that is read of a signature. */
export const maxSignatureBytes = 256;

/**
 * The signature of a text, as it is stored beside it: ed25519 over its UTF-8 bytes, base64 on one line. Undefined where no
 * key signs. It is checked with the key that readers have.
 */
export function signatureOf(content: string, { key: secret, publicKeys }: SigningConfig): string | undefined {
  if (!secret) return undefined;
  const key = createPrivateKey({ key: Buffer.from(secret.reveal(), 'base64'), format: 'der', type: 'pkcs8' });
  const signature = `${sign(null, Buffer.from(content), key).toString('base64')}\n`;
  const believed = publicKeys.length > 0 ? publicKeys : [publicText(key)];
  if (!isSignedBy(Buffer.from(content), signature, believed)) throw new Error('our own signature is not good');
  return signature;
}

/** Whether one of the keys, base64 of SPKI, has signed the content. */
export function isSignedBy(content: Uint8Array, signature: string, publicKeys: readonly string[]): boolean {
  const base64 = /^([A-Za-z0-9+/]{86}==)\s*$/.exec(signature)?.[1];
  if (base64 === undefined) return false;
  return publicKeys.some((text) => {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
    return verify(null, content, key, Buffer.from(base64, 'base64'));
  });
}

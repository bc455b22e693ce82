import { createPrivateKey } from 'node:crypto';
import type { SigningConfig } from '../config/config.ts';
import { publicText } from '../config/signing-keys.ts';

/** Who signs and who is believed, in a line for doctor. That the keys belong together is checked where they are read. */
export function describeSigning({ key, publicKeys }: SigningConfig): string {
  if (!key) return 'none: docs/SIGNING.md says what they protect from';
  const own = createPrivateKey({ key: Buffer.from(key.reveal(), 'base64'), format: 'der', type: 'pkcs8' });
  const others = publicKeys.length > 1 ? ` and ${String(publicKeys.length - 1)} more` : '';
  return publicKeys.length > 0
    ? `made with the key of ${publicText(own)}, which MANIFEST_PUBLIC_KEY believes${others}`
    : `made; who restores sets MANIFEST_PUBLIC_KEY=${publicText(own)}`;
}

import { secretText, text } from '../kinds.ts';
import { variable } from '../variable.ts';

/** By which a backup is known to be made by who holds a key: see docs/SIGNING.md. */
export const signingVariables = {
  MANIFEST_SIGNING_KEY: variable(secretText, {
    words:
      'Sign each backup, and the proof of each drill, with this ed25519 private key: PEM, or base64 of it on one line. See `docs/SIGNING.md`.',
    example: 'MC4CAQAwBQYDK2VwBCIEI...',
    secret: true,
  }),
  MANIFEST_PUBLIC_KEY: variable(text, {
    words:
      'Believe only backups and proofs that one of these ed25519 public keys has signed: PEM, or base64, separated by commas. Every command that reads backups then refuses all others.',
    example: 'MCowBQYDK2VwAyEA...',
    aliases: ['MANIFEST_PUBLIC_KEYS'],
    file: true,
  }),
};

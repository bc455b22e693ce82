import { secretText } from '../kinds.ts';
import { variable } from '../variable.ts';

/** What reading backups back needs. */
export const restoreVariables = {
  TARGET_DATABASE_URL: variable(secretText, {
    words: 'The database to restore into. It must be empty, or made by `--create`.',
    example: 'postgresql://user:password@db.example.com:5432/shop_restored',
    secret: true,
  }),
  AGE_IDENTITY: variable(secretText, {
    words: 'The private key for backups encrypted with age: `AGE-SECRET-KEY-1…` or an SSH private key.',
    example: 'AGE-SECRET-KEY-1...',
    secret: true,
  }),
  GPG_PRIVATE_KEY: variable(secretText, {
    words: 'The armoured private key for backups encrypted with gpg; `GPG_PASSPHRASE` unlocks it.',
    example: '-----BEGIN PGP PRIVATE KEY BLOCK-----...',
    secret: true,
  }),
};

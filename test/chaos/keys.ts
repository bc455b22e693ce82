import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';
import type { Form } from './form.ts';

type Variables = Readonly<Record<string, string>>;

/** Keys of every kind, made once. */
export interface Keys {
  /** The variables of who makes backups in this form. */
  readonly locking: (form: Pick<Form, 'encryption' | 'signed'>) => Variables;
  /** Those of who reads any of them. */
  readonly opening: (form: Pick<Form, 'signed'>) => Variables;
  /** Files for stock tools. */
  readonly identityFile: string;
  readonly passphraseFile: string;
}

/** Makes keys, with their files in the folder. */
export async function makeKeys(folder: string): Promise<Keys> {
  const identity = await runCommand('age-keygen', []);
  const recipient = /age1\w+/.exec(identity)?.[0] ?? '';
  const passphrase = 'correct horse battery staple';
  const identityFile = join(folder, 'identity.txt');
  const passphraseFile = join(folder, 'passphrase.txt');
  writeFileSync(identityFile, identity, { mode: 0o600 });
  writeFileSync(passphraseFile, passphrase, { mode: 0o600 });
  const pair = generateKeyPairSync('ed25519');
  const privatePem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const publicPem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const locks: Readonly<Record<Form['encryption'], Variables>> = {
    none: {},
    age: { AGE_RECIPIENTS: recipient },
    'gpg-passphrase': { GPG_PASSPHRASE: passphrase },
  };
  const signing = { MANIFEST_SIGNING_KEY: privatePem, MANIFEST_PUBLIC_KEY: publicPem };
  return {
    locking: ({ encryption, signed }) => ({ ...locks[encryption], ...(signed && signing) }),
    opening: ({ signed }) => ({ AGE_IDENTITY: identity.trim(), GPG_PASSPHRASE: passphrase, ...(signed && signing) }),
    identityFile,
    passphraseFile,
  };
}

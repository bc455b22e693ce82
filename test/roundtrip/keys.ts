import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';

/** A way to encrypt: what pg-offsite gets, and what the one who restores has. */
export interface KeyKind {
  readonly encrypt: Readonly<Record<string, string>>;
  readonly decrypt: Readonly<Record<string, string>>;
}

/** Makes throwaway keys of every kind, with stock tools, in a folder. Call `end` when nothing decrypts any more. */
export async function makeKeys(folder: string) {
  const path = (name: string) => join(folder, name);
  const age = async (name: string): Promise<[recipient: string, file: string]> => {
    await runCommand('age-keygen', ['-o', path(name)]);
    return [(await runCommand('age-keygen', ['-y', path(name)])).trim(), path(name)];
  };
  const ssh = async (type: string): Promise<[recipient: string, file: string]> => {
    await runCommand('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'restore@example.com', '-f', path(type)]);
    return [(await readFile(path(`${type}.pub`), 'utf8')).trim(), path(type)];
  };
  const [x25519, x25519File] = await age('age.txt');
  const [other] = await age('other.txt');
  const [ed25519, ed25519File] = await ssh('ed25519');
  const [rsa, rsaFile] = await ssh('rsa');

  const home = path('gnupg');
  await mkdir(home, { mode: 0o700 });
  const gpg = ['--homedir', home, '--batch', '--quiet'];
  await runCommand('gpg', [
    ...gpg,
    '--passphrase',
    '',
    '--quick-generate-key',
    'restore@example.com',
    'rsa2048',
    'encr',
  ]);
  const gpgKey = await runCommand('gpg', [...gpg, '--armor', '--export', 'restore@example.com']);

  const passphrase = `correct "horse" $battery %staple' \\ ü`;
  await writeFile(path('passphrase.txt'), `${passphrase}\n`);

  const kinds = {
    none: { encrypt: {}, decrypt: {} },
    age: { encrypt: { AGE_RECIPIENTS: x25519 }, decrypt: { AGE_IDENTITY_FILE: x25519File } },
    'age for two': {
      encrypt: { AGE_RECIPIENTS: `${other},${ed25519}` },
      decrypt: { AGE_IDENTITY_FILE: ed25519File },
    },
    'age with an SSH key': { encrypt: { AGE_RECIPIENTS: ed25519 }, decrypt: { AGE_IDENTITY_FILE: ed25519File } },
    'age with an RSA key': { encrypt: { AGE_RECIPIENTS: rsa }, decrypt: { AGE_IDENTITY_FILE: rsaFile } },
    gpg: { encrypt: { GPG_PUBLIC_KEYS: gpgKey }, decrypt: { GNUPGHOME: home } },
    'gpg passphrase': {
      encrypt: { GPG_PASSPHRASE: passphrase },
      decrypt: { GPG_PASSPHRASE_FILE: path('passphrase.txt') },
    },
  } satisfies Record<string, KeyKind>;
  return {
    kinds,
    /** Ends the agent that gpg has started. */
    end: () => runCommand('gpgconf', ['--homedir', home, '--kill', 'all']),
  };
}

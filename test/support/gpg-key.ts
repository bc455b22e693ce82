import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/** A throwaway key pair in an own home folder for gpg. */
export interface GpgKey {
  /** Armoured. */
  readonly publicKey: string;
  /** The environment in which gpg finds the private key. */
  readonly env: NodeJS.ProcessEnv;
}

/** Makes a key pair without a passphrase in the folder, which becomes gpg's home. */
export async function makeGpgKey(folder: string, name = 'backup'): Promise<GpgKey> {
  const env = { PATH: process.env['PATH'], GNUPGHOME: folder };
  const args = [
    '--batch',
    '--pinentry-mode',
    'loopback',
    '--passphrase',
    '',
    '--quick-generate-key',
    `${name}@example.com`,
  ];
  await runCommand('gpg', [...args, 'future-default', 'default', '1d'], { env });
  const publicKey = await runCommand('gpg', ['--batch', '--armor', '--export', `${name}@example.com`], { env });
  await runCommand('gpgconf', ['--kill', 'all'], { env });
  return { publicKey, env };
}

/** A public key that was valid for one day of the year 2020. */
export async function expiredGpgKey(folder: string): Promise<string> {
  const env = { PATH: process.env['PATH'], GNUPGHOME: join(folder) };
  const past = ['--batch', '--faked-system-time', '20200101T000000'];
  const args = [...past, '--pinentry-mode', 'loopback', '--passphrase', '', '--quick-generate-key', 'old@example.com'];
  await runCommand('gpg', [...args, 'future-default', 'default', '1d'], { env });
  const publicKey = await runCommand('gpg', ['--batch', '--armor', '--export', 'old@example.com'], { env });
  await runCommand('gpgconf', ['--kill', 'all'], { env });
  return publicKey;
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '../config/secret.ts';
import type { Encryption } from './encrypt.ts';
import { findProgram } from './programs.ts';
import { makeScratch } from './scratch.ts';
import type { Stage, StageExit } from './stage.ts';
import { tryStage } from './try-stage.ts';

/** No key ring of the user's is read or written; what is encrypted is compressed already. */
const commonArgs = ['--batch', '--no-tty', '--no-options', '--no-autostart', '--trust-model', 'always', '-z', '0'];

/**
 * Encryption to OpenPGP public keys, each read from a file in a private home that is removed on dispose.
 * @throws {Failure} `config` naming the first key that gpg cannot use: damaged, expired, revoked, for signing only.
 */
export async function prepareGpg(
  publicKeys: readonly string[],
  searchPath: string,
  signal: AbortSignal,
): Promise<Encryption> {
  const program = await findProgram('gpg', searchPath);
  const home = await makeScratch();
  try {
    const stageFor = (args: readonly string[]): Stage => ({
      name: 'gpg',
      program,
      args: [...commonArgs, ...args],
      env: { PATH: searchPath, GNUPGHOME: home.path, LC_ALL: 'C' },
    });
    const files: string[] = [];
    const recipients: string[] = [];
    for (const [index, key] of publicKeys.entries()) {
      const complain = complainAbout(`key ${String(index + 1)}`);
      const file = join(home.path, `recipient-${String(index + 1)}.asc`);
      await writeFile(file, `${key}\n`, { mode: 0o600 });
      files.push('--recipient-file', file);
      const listing = await tryStage(stageFor(['--with-colons', '--show-keys', file]), signal, complain);
      recipients.push(/^fpr:+([0-9A-F]+):/m.exec(listing)?.[1] ?? `key ${String(index + 1)}`);
      await tryStage(stageFor(['--recipient-file', file, '--encrypt']), signal, complain);
    }
    return {
      kind: 'gpg',
      recipients,
      stage: stageFor([...files, '--encrypt']),
      [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
    };
  } catch (error) {
    await home[Symbol.asyncDispose]();
    throw error;
  }
}

function complainAbout(what: string): (exit: StageExit) => { message: string; hint: string } {
  return ({ stderr }) => {
    const reason = stderr.find((line) => /expired|revoked|unusable|no valid|error|failed/i.test(line)) ?? stderr.at(-1);
    return {
      message: `GPG_PUBLIC_KEYS: gpg cannot encrypt to ${what}: ${reason?.replace(/^gpg: /, '').replace(/\S*recipient-\d+\.asc/, what) ?? 'no reason given'}`,
      hint: 'Export it again with `gpg --armor --export <fingerprint>`; an expired or revoked key must be replaced.',
    };
  };
}

/**
 * Symmetric OpenPGP encryption with AES-256; the passphrase is strengthened with the highest iteration count that gpg has
 * and reaches gpg through a pipe.
 * @throws {Failure} `config` when gpg does not work here.
 */
export async function prepareGpgPassphrase(
  passphrase: Secret,
  searchPath: string,
  signal: AbortSignal,
): Promise<Encryption> {
  const program = await findProgram('gpg', searchPath);
  const home = await makeScratch();
  const stage: Stage = {
    name: 'gpg',
    program,
    args: [
      ...commonArgs,
      ...['--pinentry-mode', 'loopback', '--passphrase-fd', '3', '--cipher-algo', 'AES256'],
      ...['--s2k-digest-algo', 'SHA512', '--s2k-count', '65011712', '--symmetric'],
    ],
    env: { PATH: searchPath, GNUPGHOME: home.path, LC_ALL: 'C' },
    descriptor3: `${passphrase.reveal()}\n`,
  };
  try {
    await tryStage(stage, signal, ({ stderr }) => ({
      message: `GPG_PASSPHRASE: gpg cannot encrypt with a passphrase: ${stderr.at(-1)?.replace(/^gpg: /, '') ?? 'no reason given'}`,
      hint: 'Try `gpg --version` and `gpg --symmetric` on this machine.',
    }));
  } catch (error) {
    await home[Symbol.asyncDispose]();
    throw error;
  }
  return { kind: 'gpg-passphrase', recipients: [], stage, [Symbol.asyncDispose]: () => home[Symbol.asyncDispose]() };
}

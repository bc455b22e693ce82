import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secret } from '../config/secret.ts';
import { Failure } from '../errors.ts';
import type { Encryption } from './encryption.ts';
import { findProgram } from './programs.ts';
import { makeScratch } from './scratch.ts';
import type { Stage, StageExit } from './stage.ts';
import { tryStage } from './try-stage.ts';

/** No key ring of the user's is read or written; what is encrypted is compressed already. */
const commonArgs = ['--batch', '--no-tty', '--no-options', '--no-autostart', '--trust-model', 'always', '-z', '0'];

const exportHint =
  'Export it again with `gpg --armor --export <fingerprint>`; an expired or revoked key must be renewed or replaced.';

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
      const which = `key ${String(index + 1)}`;
      const complain = complainAbout(which);
      const file = join(home.path, `recipient-${String(index + 1)}.asc`);
      await writeFile(file, `${key}\n`, { mode: 0o600 });
      files.push('--recipient-file', file);
      // Of an expired key gpg says so only with a trust model that has a database: it makes an empty one in this home.
      const show = ['--trust-model', 'direct', '--with-colons', '--show-keys', file];
      const listing = await tryStage(stageFor(show), signal, complain);
      const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listing)?.[1] ?? which;
      const fault = whyUnusable(listing);
      if (fault !== undefined) throw unusable(`${which} (${fingerprint})`, fault);
      recipients.push(fingerprint);
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

/** What gpg's listing, whatever it is, says against encrypting to its first key; gpg itself only calls it unusable. */
export function whyUnusable(listing: string): string | undefined {
  // https://github.com/gpg/gnupg/blob/master/doc/DETAILS: validity, expiry, and what the key can still be used for.
  const [first, ...more] = listing.match(/^pub:.*$/gm) ?? [];
  if (first === undefined) return undefined;
  // Of several keys in one file gpg silently takes the first.
  if (more.length > 0)
    return `its block holds ${String(more.length + 1)} keys; export each one into a block of its own`;
  const fields = first.split(':');
  const [validity, expires, usableFor] = [fields[1], fields[6], fields[11] ?? ''];
  if (validity === 'r') return 'it has been revoked';
  if (validity === 'e') {
    const seconds = /^\d{1,11}$/.exec(expires ?? '')?.[0];
    return seconds === undefined ? 'it has expired' : `it expired on ${dayOf(Number(seconds))}`;
  }
  return usableFor.includes('E') ? undefined : 'it is for signing only, or its encryption subkey has expired';
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

function unusable(what: string, reason: string): Failure {
  return new Failure('config', `GPG_PUBLIC_KEYS: gpg cannot encrypt to ${what}: ${reason}`, { hint: exportHint });
}

function complainAbout(what: string): (exit: StageExit) => { message: string; hint: string } {
  return ({ stderr }) => {
    const reason = stderr.find((line) => /unusable|no valid|error|failed/i.test(line)) ?? stderr.at(-1);
    const told = reason?.replace(/^gpg: /, '').replace(/'?[^\s']*recipient-\d+\.asc'?/, what) ?? 'no reason given';
    return { message: unusable(what, told).message, hint: exportHint };
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

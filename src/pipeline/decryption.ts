import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EncryptionConfig, KeysConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { namelessFile, namelessPath } from './nameless-file.ts';
import { findProgram } from './programs.ts';
import { makeScratch, type Scratch } from './scratch.ts';
import { describeExit, type Stage, type StageExit } from './stage.ts';
import { tryStage } from './try-stage.ts';

/** A way to decrypt artifacts of one kind, until it is disposed of. */
export interface Decryption extends AsyncDisposable {
  /** The stage that decrypts standard input to standard output; undefined for what is not encrypted. */
  readonly stage: Stage | undefined;
}

const none = (): Promise<void> => Promise.resolve();

/** True where the configuration holds what artifacts of this kind need. */
export function canDecrypt(kind: EncryptionConfig['kind'], keys: KeysConfig): boolean {
  switch (kind) {
    case 'none':
      return true;
    case 'age':
      return keys.ageIdentity !== undefined;
    case 'gpg':
      return keys.gpgPrivateKey !== undefined;
    case 'gpg-passphrase':
      return keys.gpgPassphrase !== undefined;
  }
}

/**
 * Makes ready to decrypt, until the result is disposed of. age reads its key from a file without a name; the key ring that
 * gpg insists on stands in a private folder, in memory where there is one, which after a SIGKILL the next run removes.
 * @throws {Failure} `config` when the key for this kind of encryption is not set, or cannot be read.
 */
export async function prepareDecryption(
  kind: EncryptionConfig['kind'],
  keys: KeysConfig,
  searchPath: string,
  signal: AbortSignal,
): Promise<Decryption> {
  switch (kind) {
    case 'none':
      return { stage: undefined, [Symbol.asyncDispose]: none };
    case 'age':
      return prepareAgeKey(required(keys.ageIdentity, 'AGE_IDENTITY', 'age').reveal(), searchPath);
    case 'gpg':
      return prepareGpgKey(
        required(keys.gpgPrivateKey, 'GPG_PRIVATE_KEY', 'gpg').reveal(),
        keys.gpgPassphrase?.reveal() ?? '',
        searchPath,
        signal,
      );
    case 'gpg-passphrase': {
      const passphrase = required(keys.gpgPassphrase, 'GPG_PASSPHRASE', 'a passphrase').reveal();
      const home = await makeScratch();
      return gpgDecryption(await findProgram('gpg', searchPath), home, passphrase, searchPath, '--no-autostart');
    }
  }
}

function required<T>(key: T | undefined, name: string, how: string): T {
  if (key !== undefined) return key;
  throw new Failure('config', `the backup is encrypted with ${how}, and ${name} is not set`, {
    hint: `Set ${name}, or ${name}_FILE to the path of a file that holds it.`,
  });
}

async function prepareAgeKey(identity: string, searchPath: string): Promise<Decryption> {
  const program = await findProgram('age', searchPath);
  const file = await namelessFile(`${identity}\n`);
  return {
    stage: {
      name: 'age',
      program,
      args: ['--decrypt', '--identity', namelessPath],
      env: { PATH: searchPath },
      descriptor3: file,
      // age ends every complaint with the address for reports about itself.
      onStderrLine: (line) => line.includes('report unexpected or unhelpful errors'),
      explain: (exit) => explainDecryption(exit, 'AGE_IDENTITY', namelessPath),
    },
    [Symbol.asyncDispose]: () => file.close().catch(() => undefined),
  };
}

async function prepareGpgKey(
  key: string,
  passphrase: string,
  searchPath: string,
  signal: AbortSignal,
): Promise<Decryption> {
  const program = await findProgram('gpg', searchPath);
  const home = await makeScratch();
  const decryption = gpgDecryption(program, home, passphrase, searchPath);
  try {
    const file = join(home.path, 'private.asc');
    await writeFile(file, `${key}\n`, { mode: 0o600 });
    const args = [
      '--batch',
      '--no-tty',
      '--no-options',
      '--pinentry-mode',
      'loopback',
      '--passphrase-fd',
      '3',
      '--import',
      file,
    ];
    await tryStage({ ...decryption.stage, args }, signal, (exit) => ({
      message: `GPG_PRIVATE_KEY: gpg cannot read it: ${exit.stderr.find((line) => /error|failed|bad|no valid/i.test(line)) ?? 'no reason given'}`,
      hint: 'Export it again with `gpg --armor --export-secret-keys <fingerprint>`; GPG_PASSPHRASE must unlock it.',
    }));
    return decryption;
  } catch (error) {
    await decryption[Symbol.asyncDispose]();
    throw error;
  }
}

function gpgDecryption(
  program: string,
  home: Scratch,
  passphrase: string,
  searchPath: string,
  ...more: readonly string[]
): Decryption & { readonly stage: Stage } {
  const env = { PATH: searchPath, GNUPGHOME: home.path, LC_ALL: 'C' };
  const stage: Stage = {
    name: 'gpg',
    program,
    args: [
      '--batch',
      '--no-tty',
      '--no-options',
      ...more,
      '--pinentry-mode',
      'loopback',
      '--passphrase-fd',
      '3',
      '--decrypt',
    ],
    env,
    descriptor3: `${passphrase}\n`,
    explain: (exit) => explainDecryption(exit, 'the gpg key or passphrase', home.path),
  };
  return {
    stage,
    [Symbol.asyncDispose]: async () => {
      // An agent that gpg has started ends when told, or when it finds its folder gone.
      const kill = { name: 'gpgconf', program: join(program, '../gpgconf'), args: ['--kill', 'gpg-agent'], env };
      await tryStage(kill, AbortSignal.timeout(5000), () => ({ message: '', hint: '' })).catch(() => undefined);
      await home[Symbol.asyncDispose]();
    },
  };
}

/** A wrong key is a matter of configuration; anything else means that the stored bytes are not what was written. */
function explainDecryption(exit: StageExit, key: string, path: string): Failure {
  const told = exit.stderr.join('; ').replaceAll(path, key);
  if (/no identity matched|No secret key|Bad session key|bad passphrase|malformed|unknown identity/i.test(told)) {
    return new Failure('config', `${key} does not decrypt this backup`, {
      hint: 'The manifest lists the public keys that it was encrypted to; use the private key of one of them.',
    });
  }
  return new Failure('verification', describeExit(exit), {
    hint: 'The stored object is damaged. Restore another backup; see list.',
    retryable: false,
  });
}

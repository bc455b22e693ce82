import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A key ring of a test, apart from everybody's own. */
export interface GpgHome {
  readonly path: string;
  /** Makes a key pair without a passphrase and resolves to its armoured public key. */
  readonly newKey: (name: string, options?: KeyOptions) => string;
  /** The fingerprint of the key that bears this name. */
  readonly fingerprint: (name: string) => string;
  /** Revokes a key and returns its public key, now with the revocation. */
  readonly revoke: (name: string) => string;
  /** The public keys of these names in one armoured block. */
  readonly exportTogether: (...names: string[]) => string;
  readonly decrypt: (data: Buffer, args?: readonly string[]) => Buffer;
  /** Ends the agent that gpg started for these private keys, and removes the folder. */
  readonly remove: () => void;
}

/** What is unusual about a key. */
export interface KeyOptions {
  /** `default` can encrypt; `sign` cannot. */
  readonly usage?: 'default' | 'sign';
  /** Made at this time (as `20200101T000000`), and expired a day later. */
  readonly expiredSince?: string;
  /** As gpg writes it, such as `30d`. */
  readonly expiresIn?: string;
}

/** Makes an empty key ring. */
export function gpgHome(): GpgHome {
  const path = mkdtempSync(join(tmpdir(), 'pgo-gpg-'));
  const gpg = (args: readonly string[], input?: Buffer): Buffer => {
    const { stdout, stderr, status } = spawnSync('gpg', ['--homedir', path, '--batch', '--quiet', ...args], {
      input,
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(`gpg ${args.join(' ')} failed: ${String(stderr)}`);
    return stdout;
  };
  const fingerprint = (name: string): string =>
    /^fpr:+([0-9A-F]+):/m.exec(String(gpg(['--with-colons', '--list-keys', name])))?.[1] ?? '';
  return {
    path,
    newKey: (name, { usage = 'default', expiredSince, expiresIn = 'never' } = {}) => {
      const time = expiredSince === undefined ? [] : ['--faked-system-time', expiredSince];
      const kind = usage === 'sign' ? ['ed25519', 'sign'] : ['future-default', 'default'];
      const expiry = expiredSince === undefined ? expiresIn : '1d';
      gpg([...time, '--passphrase', '', '--quick-generate-key', name, ...kind, expiry]);
      return String(gpg(['--armor', '--export', name]));
    },
    fingerprint,
    revoke: (name) => {
      // gpg made the certificate together with the key, with a colon that keeps it from being imported by accident.
      const certificate = readFileSync(join(path, 'openpgp-revocs.d', `${fingerprint(name)}.rev`), 'utf8');
      gpg(['--import'], Buffer.from(certificate.replace(/^:-/m, '-')));
      return String(gpg(['--armor', '--export', name]));
    },
    exportTogether: (...names) => String(gpg(['--armor', '--export', ...names])),
    decrypt: (data, args = []) => gpg([...args, '--decrypt'], data),
    remove: () => {
      spawnSync('gpgconf', ['--homedir', path, '--kill', 'all']);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A file that holds a passphrase, for `--passphrase-file`, in the key ring's folder. */
export function passphraseFile(home: GpgHome, passphrase: string): string {
  const path = join(home.path, 'passphrase');
  writeFileSync(path, `${passphrase}\n`, { mode: 0o600 });
  return path;
}

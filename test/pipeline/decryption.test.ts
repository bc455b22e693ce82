import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { EncryptionConfig, KeysConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Failure } from '../../src/errors.ts';
import { prepareDecryption } from '../../src/pipeline/decryption.ts';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { allProcesses } from '../support/processes.ts';
import { drain, never } from '../support/shell-stage.ts';
import { until } from '../support/until.ts';

const searchPath = process.env['PATH'] ?? '';
const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);
const data = randomBytes(200_000);

function stock(program: string, args: readonly string[], input: Buffer | string = ''): Buffer {
  const { stdout, stderr, status } = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
  assert.equal(status, 0, `${program}: ${String(stderr)}`);
  return stdout;
}
/** A key pair of gpg in a key ring of its own: what it encrypts, and the exported private key. */
function gpgPair(name: string, passphrase: string): { encrypted: Buffer; key: Secret } {
  const home = path(name);
  stock('mkdir', ['-m', '700', home]);
  const gpg = (args: readonly string[], input?: Buffer): Buffer =>
    stock('gpg', ['--homedir', home, '--batch', '--quiet', '--pinentry-mode', 'loopback', ...args], input);
  gpg(['--passphrase', passphrase, '--quick-generate-key', name, 'rsa2048', 'encr']);
  const key = new Secret(String(gpg(['--passphrase', passphrase, '--armor', '--export-secret-keys', name])));
  const encrypted = gpg(['--trust-model', 'always', '--recipient', name, '--encrypt'], data);
  stock('gpgconf', ['--homedir', home, '--kill', 'all']);
  return { encrypted, key };
}
stock('age-keygen', ['-o', path('age')]);
const other = new Secret(String(stock('age-keygen', [])).trim());
stock('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path('ssh')]);
const secret = (name: string): Secret => new Secret(readFileSync(path(name), 'utf8').trim());
const age = stock('age', ['-i', path('age'), '-e'], data);
const open = gpgPair('open', '');
const locked = gpgPair('locked', 'the passphrase');
const passphrase = ['--batch', '--homedir', folder, '--pinentry-mode', 'loopback', '--passphrase', 'words'];
const symmetric = stock('gpg', [...passphrase, '--symmetric'], data);

const noKeys: KeysConfig = { ageIdentity: undefined, gpgPrivateKey: undefined, gpgPassphrase: undefined };
async function decrypt(kind: EncryptionConfig['kind'], keys: Partial<KeysConfig>, input: Buffer): Promise<Buffer> {
  // Other test files have folders of their own at the same time.
  let home = '';
  const agents = (): number[] =>
    allProcesses()
      .filter(({ argv, zombie }) => !zombie && argv.some((word) => word.startsWith(home)))
      .map(({ pid }) => pid);
  try {
    await using decryption = await prepareDecryption(kind, { ...noKeys, ...keys }, searchPath, never);
    assert.ok(decryption.stage);
    home = decryption.stage.env['GNUPGHOME'] ?? '';
    assert.match(home, kind === 'age' ? /^$/ : /\/pg-offsite-[0-9a-f]{12}-\d+-\d+-\w{6}$/);
    const source = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(input);
    };
    return await drain(joinProcesses([decryption.stage], never, source()).output);
  } finally {
    if (home !== '') {
      assert.equal(existsSync(home), false);
      // An agent that was told to end takes a moment for it.
      await until('no agent is left', () => agents().length === 0);
    }
  }
}

describe('what stock tools have encrypted comes back, and no key and no agent stays', () => {
  const ssh = stock('age', ['-R', path('ssh.pub')], data);
  for (const [what, kind, keys, input] of [
    ['age', 'age', { ageIdentity: secret('age') }, age],
    ['age, to an SSH key', 'age', { ageIdentity: secret('ssh') }, ssh],
    ['gpg', 'gpg', { gpgPrivateKey: open.key }, open.encrypted],
    [
      'gpg, its key locked',
      'gpg',
      { gpgPrivateKey: locked.key, gpgPassphrase: new Secret('the passphrase') },
      locked.encrypted,
    ],
    ['a passphrase', 'gpg-passphrase', { gpgPassphrase: new Secret('words') }, symmetric],
  ] as const) {
    test(what, async () => {
      assert.ok((await decrypt(kind, keys, input)).equals(data));
    });
  }
});

const failure =
  (kind: string, told: RegExp) =>
  (error: Failure): boolean => {
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}\n${error.hint ?? ''}`, told);
    assert.doesNotMatch(error.message, /\/dev\/shm|\/tmp|filippo/);
    return true;
  };

describe('a wrong or missing key is a matter of configuration', () => {
  for (const [what, kind, keys, input, told] of [
    ['another age key', 'age', { ageIdentity: other }, age, /AGE_IDENTITY does not decrypt/],
    ['no age key at all', 'age', { ageIdentity: new Secret('nonsense') }, age, /AGE_IDENTITY does not decrypt/],
    ['another gpg key', 'gpg', { gpgPrivateKey: open.key }, locked.encrypted, /does not decrypt/],
    ['no gpg key at all', 'gpg', { gpgPrivateKey: new Secret('nonsense') }, open.encrypted, /GPG_PRIVATE_KEY: gpg/],
    ['a locked key without its passphrase', 'gpg', { gpgPrivateKey: locked.key }, locked.encrypted, /passphrase/],
    [
      'a locked key with another passphrase',
      'gpg',
      { gpgPrivateKey: locked.key, gpgPassphrase: new Secret('x') },
      locked.encrypted,
      /does not/,
    ],
    ['another passphrase', 'gpg-passphrase', { gpgPassphrase: new Secret('x') }, symmetric, /does not decrypt/],
    ['age without a key', 'age', {}, age, /AGE_IDENTITY is not set\n.*AGE_IDENTITY_FILE/],
    ['gpg without a key', 'gpg', {}, open.encrypted, /GPG_PRIVATE_KEY is not set/],
    ['no passphrase', 'gpg-passphrase', {}, symmetric, /GPG_PASSPHRASE is not set/],
  ] as const) {
    test(what, async () => {
      await assert.rejects(decrypt(kind, keys, input), failure('config', told));
    });
  }
});

describe('damage is told in the words of the tool', () => {
  const flipped = (input: Buffer): Buffer => {
    const copy = Buffer.from(input);
    copy[100_000] = copy[100_000]! ^ 1;
    return copy;
  };
  // The header ends with the line of its checksum; then come 16 bytes, then the chunks.
  const payload = age.indexOf('\n', age.indexOf('\n--- ') + 1) + 1 + 16;
  const keys = {
    ageIdentity: secret('age'),
    gpgPrivateKey: open.key,
    gpgPassphrase: new Secret('words'),
  };
  for (const [what, kind, input, told] of [
    ['age, flipped', 'age', flipped(age), /^age failed with exit code 1: .*decrypt/],
    ['age, cut at a chunk', 'age', age.subarray(0, payload + 65_552), /^age failed with exit code 1: .*(EOF|decrypt)/],
    ['age, cut in a chunk', 'age', age.subarray(0, payload + 100_000), /^age failed with exit code 1: .*(EOF|decrypt)/],
    ['gpg, flipped', 'gpg', flipped(open.encrypted), /^gpg failed with exit code 2: /],
    ['gpg, cut', 'gpg', open.encrypted.subarray(0, 100_000), /^gpg failed with exit code 2: /],
    ['a passphrase, flipped', 'gpg-passphrase', flipped(symmetric), /^gpg failed with exit code 2: /],
  ] as const) {
    test(what, async () => {
      await assert.rejects(decrypt(kind, keys, input), failure('verification', told));
    });
  }
});

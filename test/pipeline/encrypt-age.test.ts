import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { prepareEncryption } from '../../src/pipeline/encrypt.ts';
import { encrypted } from '../support/encrypted.ts';
import { never } from '../support/shell-stage.ts';

const searchPath = process.env['PATH'] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'pgo-age-'));
after(() => rmSync(folder, { recursive: true }));

/** A recipient of each kind, and the file with its private key. */
const kinds = { X25519: 'x25519', 'ssh-ed25519': 'ed25519', 'ssh-rsa': 'rsa' } as const;
type Kind = keyof typeof kinds;
const recipients = new Map<Kind, string>();
const identity = (kind: Kind): string => join(folder, kinds[kind]);

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${program}: ${stderr}`);
}

before(() => {
  run('age-keygen', ['-o', identity('X25519')]);
  recipients.set('X25519', /# public key: (\S+)/.exec(readFileSync(identity('X25519'), 'utf8'))![1]!);
  for (const kind of ['ssh-ed25519', 'ssh-rsa'] as const) {
    run('ssh-keygen', ['-q', '-t', kinds[kind], '-b', '2048', '-N', '', '-C', 'a comment', '-f', identity(kind)]);
    recipients.set(kind, readFileSync(`${identity(kind)}.pub`, 'utf8').trim());
  }
});

function decrypt(data: Buffer, kind: Kind): Buffer {
  const { stdout, stderr, status } = spawnSync('age', ['--decrypt', '--identity', identity(kind)], {
    input: data,
    maxBuffer: 2 ** 28,
  });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

describe('the stock age decrypts', () => {
  for (const kind of Object.keys(kinds) as Kind[]) {
    for (const bytes of [0, 1, 65_535, 65_536, 65_537]) {
      test(`${String(bytes)} bytes to ${kind}`, async () => {
        const data = randomBytes(bytes);
        const { output } = await encrypted({ kind: 'age', recipients: [recipients.get(kind)!] }, data);
        assert.deepEqual(decrypt(output, kind), data);
      });
    }
  }

  test('with the key of each of several recipients, and they are noted as they were given', async () => {
    const all = [...recipients.values()];
    const data = randomBytes(100_000);
    const { output, recipients: noted } = await encrypted({ kind: 'age', recipients: all }, data);
    assert.deepEqual(noted, all);
    for (const kind of recipients.keys()) assert.deepEqual(decrypt(output, kind), data);
  });
});

describe('fault 15: a recipient that age cannot use is refused before anything is dumped, and named', () => {
  const good = (): string => recipients.get('X25519')!;
  const other = (): string => /(age1\S+)/.exec(spawnSync('age-keygen', { encoding: 'utf8' }).stdout)![1]!;
  const cases: [what: string, recipient: () => string][] = [
    ['garbage', () => 'garbage'],
    ['a cut key', () => other().slice(0, -5)],
    [
      'a key with one character mistyped',
      () => other().replace(/1(.)/, (_match, first: string) => `1${first === 'q' ? 'p' : 'q'}`),
    ],
    ['an SSH key of a kind that age does not know', () => 'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY='],
    ['an SSH key without its body', () => 'ssh-ed25519'],
    ['what looks like an option', () => '--output=/tmp/stolen'],
  ];
  for (const [what, recipient] of cases) {
    test(what, async () => {
      const bad = recipient();
      const config = { kind: 'age', recipients: [good(), bad] } as const;
      await assert.rejects(prepareEncryption(config, searchPath, never), (failure: Failure) => {
        assert.equal(failure.kind, 'config');
        assert.match(failure.message, /^AGE_RECIPIENTS: age cannot encrypt to /);
        assert.ok(failure.message.includes(bad.slice(0, 24)), failure.message);
        assert.ok(!failure.message.includes(`to ${good().slice(0, 24)}`), failure.message);
        assert.match(failure.hint ?? '', /copied whole/);
        return true;
      });
    });
  }
});

test('an aborted signal is what is thrown, not a problem with the recipient', async () => {
  const reason = new Failure('sigterm', 'interrupted by SIGTERM');
  const config = { kind: 'age', recipients: [recipients.get('X25519')!] } as const;
  await assert.rejects(prepareEncryption(config, searchPath, AbortSignal.abort(reason)), reason);
});

test('age that is not installed is named', async () => {
  const config = { kind: 'age', recipients: [recipients.get('X25519')!] } as const;
  await assert.rejects(prepareEncryption(config, '/nowhere', never), {
    kind: 'config',
    message: /age is not installed/,
  });
});

test('none encrypts nothing and needs no program', async () => {
  await using encryption = await prepareEncryption({ kind: 'none' }, '', never);
  assert.equal(encryption.stage, undefined);
  assert.deepEqual(encryption.recipients, []);
});

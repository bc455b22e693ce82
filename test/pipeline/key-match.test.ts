import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Secret } from '../../src/config/secret.ts';
import { Failure } from '../../src/errors.ts';
import { refuseWrongKey } from '../../src/pipeline/key-match.ts';
import { publicKeysOf } from '../../src/pipeline/public-keys.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { runCommand } from '../support/run-command.ts';
import { never } from '../support/shell-stage.ts';

const folder = temporaryFolder();
const searchPath = process.env['PATH'] ?? '';
const none = { ageIdentity: undefined, gpgPrivateKey: undefined, gpgPassphrase: undefined };

const ages = await Promise.all([runCommand('age-keygen', []), runCommand('age-keygen', [])]);
const recipients = ages.map((identity) => /public key: (age1\w+)/.exec(identity)?.[1] ?? '');

async function sshKey(type: string, passphrase: string): Promise<{ identity: string; recipient: string }> {
  const file = join(folder, `${type}-${passphrase}`);
  await runCommand('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'somebody', '-f', file]);
  const recipient = readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  return { identity: readFileSync(file, 'utf8'), recipient };
}

describe('the public key of a private one', () => {
  test('is what age-keygen says, of one or of several in a file', () => {
    assert.deepEqual(publicKeysOf(ages[0]), [recipients[0]]);
    assert.deepEqual(publicKeysOf(ages.join('\r\n')), recipients);
  });

  for (const [type, passphrase] of [
    ['ed25519', ''],
    ['rsa', ''],
    ['ed25519', 'hidden words'],
  ] as const) {
    test(`is what ssh-keygen says of ${type}${passphrase === '' ? '' : ' with a passphrase'}`, async () => {
      const { identity, recipient } = await sshKey(type, passphrase);
      assert.deepEqual(publicKeysOf(identity), [recipient]);
    });
  }

  test('is not known of anything else', () => {
    for (const other of [
      '',
      '# nothing',
      'AGE-PLUGIN-YUBIKEY-1XXXX',
      'age-encryption.org/v1',
      '-----BEGIN RSA PRIVATE KEY-----',
    ]) {
      assert.equal(publicKeysOf(other), undefined, other);
    }
    assert.equal(publicKeysOf(`${ages[0]}\nAGE-PLUGIN-YUBIKEY-1XXXX`), undefined);
  });
});

describe('fault 65: a key is refused before anything is read', () => {
  const isRefused = (named: string) => (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, 'config');
    assert.match(error.message, /does not decrypt this backup/);
    assert.ok(error.hint?.includes(named), error.hint);
    assert.doesNotMatch(error.message + (error.hint ?? ''), /SECRET|PRIVATE KEY/);
    return true;
  };

  test('age: only where none of its keys is among the recipients', async () => {
    const keys = { ...none, ageIdentity: new Secret(ages[0]) };
    await refuseWrongKey('age', keys, recipients, searchPath, never);
    await refuseWrongKey('age', keys, [], searchPath, never);
    await refuseWrongKey('age', none, recipients, searchPath, never);
    await assert.rejects(
      refuseWrongKey('age', keys, recipients.slice(1), searchPath, never),
      isRefused(recipients[1] ?? 'x'),
    );
  });

  test('gpg: by the fingerprint of the primary key', async () => {
    const home = join(folder, 'gpg');
    await runCommand('mkdir', ['-m', '700', home]);
    const gpg = (...args: string[]): Promise<string> =>
      runCommand('gpg', ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...args]);
    try {
      await gpg('--quick-generate-key', 'one@example.com', 'default', 'default', 'never');
      const privateKey = await gpg('--armor', '--export-secret-keys', 'one@example.com');
      const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(await gpg('--with-colons', '--list-keys'))?.[1] ?? '';
      const keys = { ...none, gpgPrivateKey: new Secret(privateKey) };
      const other = 'A'.repeat(40);
      await refuseWrongKey('gpg', keys, [other, fingerprint], searchPath, never);
      await assert.rejects(refuseWrongKey('gpg', keys, [other], searchPath, never), isRefused(other));
      await refuseWrongKey('gpg', keys, ['key 1'], searchPath, never);
      await refuseWrongKey('gpg', { ...keys, gpgPrivateKey: new Secret('garbage') }, [other], searchPath, never);
    } finally {
      await runCommand('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']).catch(() => undefined);
    }
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EncryptionConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { assertProblem, problemsWith, read } from './reading.ts';

const age = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

function encryption(env: Environment): EncryptionConfig {
  return read(env).form.encryption;
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

describe('AGE_RECIPIENTS', () => {
  let folder: string;
  let ed25519: string;
  let rsa: string;
  let second: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pg-offsite-keys-'));
    const make = (type: string, bits: string): string => {
      run(
        'ssh-keygen',
        '-q',
        '-t',
        type,
        '-b',
        bits,
        '-N',
        '',
        '-C',
        'ops team, on call',
        '-f',
        join(folder, type + bits),
      );
      return readFileSync(join(folder, `${type + bits}.pub`), 'utf8').trim();
    };
    ed25519 = make('ed25519', '256').replace(',', '');
    rsa = make('rsa', '2048').replace(',', '');
    second = /age1\w+/.exec(run('age-keygen'))?.[0] ?? '';
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const bare = (key: string): string => key.split(' ').slice(0, 2).join(' ');

  test('takes age and SSH keys between commas, spaces and line breaks, without their comments', () => {
    for (const separator of [',', ', ', '\n', '\r\n', '\\n', ' ']) {
      const text = [age, ed25519, rsa, second].join(separator);
      assert.deepEqual(
        encryption({ AGE_RECIPIENTS: text }),
        { kind: 'age', recipients: [age, bare(ed25519), bare(rsa), second] },
        JSON.stringify(separator),
      );
    }
    assert.deepEqual(encryption({ AGE_PUBLIC_KEYS: `# the team\n${age}\n\n${age}\n` }), {
      kind: 'age',
      recipients: [age],
    });
  });

  test('what it accepts, age accepts', () => {
    const form = encryption({ AGE_RECIPIENTS: `${age},${ed25519},${rsa}` });
    assert(form.kind === 'age');
    const args = form.recipients.flatMap((recipient) => ['-r', recipient]);
    assert.match(run('age', '-a', ...args), /^-----BEGIN AGE ENCRYPTED FILE-----/);
  });

  test('finds any one mistyped character', () => {
    for (let index = 5; index < age.length; index += 7) {
      const wrong = age.slice(0, index) + (age[index] === 'q' ? 'p' : 'q') + age.slice(index + 1);
      assertProblem({ AGE_RECIPIENTS: wrong }, /^AGE_RECIPIENTS: key 1 is an age key with a mistyped/);
    }
    assertProblem(
      { AGE_RECIPIENTS: `${age},${second.slice(0, -1)}` },
      /^AGE_RECIPIENTS: key 2 is an age key with a mistyped/,
    );
    assertProblem({ AGE_RECIPIENTS: ed25519.slice(0, 60) }, /key 1 is an SSH key that was cut/);
  });

  const refusals: [string, RegExp][] = [
    ['age1yubikey1qwx88yc0s7q9k', /belongs to an age plugin, and plugins are not supported/],
    ['age1pq1qqqqqqqq', /is a post-quantum key, which needs a newer age/],
    ['AGE-SECRET-KEY-1QQQHIDDEN', /is a private key; put the public key here/],
    ['ecdsa-sha2-nistp256 AAAA', /of the type ecdsa-sha2-nistp256, which age cannot use/],
    ['nonsense', /is neither an age nor an SSH public key/],
    ['# only a comment', /^AGE_RECIPIENTS holds no public key/],
  ];
  for (const [text, expected] of refusals) {
    test(`refuses ${text.split('-KEY-')[0] ?? ''} in clear words`, () => {
      assertProblem({ AGE_RECIPIENTS: text }, expected);
      assert.doesNotMatch(problemsWith({ AGE_RECIPIENTS: text }).join(), /HIDDEN/);
    });
  }

  test('refuses an RSA key that is too short for age', () => {
    run('ssh-keygen', '-q', '-t', 'rsa', '-b', '1024', '-N', '', '-f', join(folder, 'short'));
    assertProblem({ AGE_RECIPIENTS: readFileSync(join(folder, 'short.pub'), 'utf8') }, /less than 2048 bits/);
  });
});

describe('GPG_PUBLIC_KEYS', () => {
  let home: string;
  let keys: string[];
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'pg-offsite-gnupg-'));
    const gpg = (...args: string[]): string => run('gpg', '--homedir', home, '--batch', '--passphrase', '', ...args);
    for (const name of ['one', 'two']) gpg('--quick-generate-key', `${name}@example.com`, 'future-default');
    keys = ['one', 'two'].map((name) => gpg('--armor', '--export', `${name}@example.com`).trim());
  });
  after(() => {
    run('gpgconf', '--homedir', home, '--kill', 'all');
    rmSync(home, { recursive: true });
  });

  test('takes one block or several, also with \\n for line breaks', () => {
    const expected = { kind: 'gpg', publicKeys: keys.map((key) => `${key}\n`) };
    assert.deepEqual(encryption({ GPG_PUBLIC_KEYS: keys.join('\n') }), expected);
    assert.deepEqual(encryption({ GPG_PUBLIC_KEYS: keys.join('\n').replaceAll('\n', '\\n') }), expected);
    assert.deepEqual(encryption({ GPG_PUBLIC_KEY: keys.join('\r\n').replaceAll('\n', '\r\n') }), expected);
  });

  test('finds a damaged block and says which', () => {
    const damaged = (keys[1] ?? '').replace(/\n\n(.{10})./, '\n\n$1!');
    assertProblem(
      { GPG_PUBLIC_KEYS: `${keys[0] ?? ''}\n${damaged}` },
      /^GPG_PUBLIC_KEYS: key 2 is damaged; copy the whole of what gpg --armor --export KEY prints$/,
    );
    const lines = (keys[0] ?? '').split('\n');
    const cut = [...lines.slice(0, 3), ...lines.slice(4)].join('\n');
    assertProblem({ GPG_PUBLIC_KEYS: cut }, /^GPG_PUBLIC_KEYS: key 1 is damaged/);
    assertProblem({ GPG_PUBLIC_KEYS: (keys[0] ?? '').replaceAll('\n', ' ') }, /key 1 is damaged/);
  });

  test('refuses what is no public key, without repeating it', () => {
    assertProblem({ GPG_PUBLIC_KEYS: '/run/secrets/key.asc' }, /holds a path .* set GPG_PUBLIC_KEYS_FILE/);
    assertProblem({ GPG_PUBLIC_KEYS: `${keys[0] ?? ''} HIDDEN` }, /has text that is no armoured public key/);
    const secret = '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nHIDDEN\n-----END PGP PRIVATE KEY BLOCK-----';
    assertProblem({ GPG_PUBLIC_KEYS: secret }, /holds a private key; put the public key here/);
    assert.doesNotMatch(problemsWith({ GPG_PUBLIC_KEYS: secret }).join(), /HIDDEN/);
  });
});

test('a passphrase of several lines is refused, because gpg would use only the first', () => {
  assertProblem({ GPG_PASSPHRASE: 'one\ntwo' }, /^GPG_PASSPHRASE holds a line break/);
});

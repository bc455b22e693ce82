import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { readReaderConfig } from '../../src/config/read.ts';
import { assertProblem, leastEnv, problemsWith, read } from './reading.ts';

const file = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const key = /AGE-SECRET-KEY-1\w+/.exec(file)?.[0] ?? '';
const publicKey = /age1\w+/.exec(file)?.[0] ?? '';

describe('AGE_IDENTITY', () => {
  test('takes a key, and what age-keygen wrote with its comments', () => {
    const plugin = 'AGE-PLUGIN-YUBIKEY-1QQPQZ';
    const ssh = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----';
    for (const text of [key, file, file.replaceAll('\n', '\r\n'), `${key}\n${key}`, plugin, ssh]) {
      assert.equal(read({ AGE_IDENTITY: text }).keys.ageIdentity?.reveal(), text.trim(), JSON.stringify(text));
    }
  });

  const faults: [string, string, RegExp][] = [
    ['in quotes', `"${key}"`, /^AGE_IDENTITY begins with a quote; env files need none/],
    ['that is the placeholder', 'AGE-SECRET-KEY-1...', /^AGE_IDENTITY holds a key that is cut short or mistyped/],
    ['that was cut', key.slice(0, -1), /cut short or mistyped/],
    ['in small letters', key.toLowerCase(), /cut short or mistyped/],
    ['with a damaged one beside it', `${key}\n${key.slice(0, -3)}QQQ`, /cut short or mistyped/],
    ['that is public', publicKey, /^AGE_IDENTITY holds a public key; the private one begins with AGE-SECRET-KEY-1/],
    ['that is a path', '/run/keys/key.txt', /^AGE_IDENTITY holds a path .* set AGE_IDENTITY_FILE/],
    ['that is a path of the home', '~/key.txt', /holds a path/],
    ['that is none', 'key.txt', /^AGE_IDENTITY holds no private key/],
    ['that is only a comment', '# key', /^AGE_IDENTITY holds no private key/],
  ];
  for (const [what, text, expected] of faults) {
    test(`refuses one ${what}`, () => {
      assertProblem({ AGE_IDENTITY: text }, expected);
      assert.equal(problemsWith({ AGE_IDENTITY: text }).join().includes(key.slice(20, 40)), false);
      assert.throws(() => readReaderConfig({ ...leastEnv, AGE_IDENTITY: text }), { kind: 'config' });
    });
  }
});

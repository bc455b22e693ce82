import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readReaderConfig } from '../../src/config/read.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { assertProblem, leastEnv, problemsWith, read } from './reading.ts';

const [own, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pemOf = (key: KeyObject): string =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
/** What stands between the two lines of PEM. */
const inner = (key: KeyObject): string => pemOf(key).split('\n').slice(1, -2).join('');
const [secret, publicKey] = [pemOf(own.privateKey), pemOf(own.publicKey)];
const wrapped = (text: string): string => text.replaceAll(/.{64}/g, '$&\n');

const forms: [string, (key: KeyObject) => string][] = [
  ['PEM', pemOf],
  ['PEM with \\n for line breaks', (key) => pemOf(key).replaceAll('\n', String.raw`\n`)],
  ['PEM with the line breaks of Windows', (key) => pemOf(key).replaceAll('\n', '\r\n')],
  ['base64 of PEM', (key) => base64(pemOf(key))],
  ['base64 of PEM in lines', (key) => wrapped(base64(pemOf(key)))],
  ['what stands in PEM', inner],
];

describe('MANIFEST_SIGNING_KEY', () => {
  for (const [what, form] of forms) {
    test(`takes ${what}`, () => {
      assert.equal(read({ MANIFEST_SIGNING_KEY: form(own.privateKey) }).signing.key?.reveal(), inner(own.privateKey));
    });
  }

  test('takes a file, and is masked in each of its forms', () => {
    const file = join(temporaryFolder(), 'signing.key');
    writeFileSync(file, secret);
    const { signing, secrets } = read({ MANIFEST_SIGNING_KEY_FILE: file });
    assert.equal(signing.key?.reveal(), inner(own.privateKey));
    const values = secrets.map((one) => one.reveal());
    assert.ok(values.includes(inner(own.privateKey)));
    assert.ok(values.includes(secret.trim()));
  });

  const locked = own.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' });
  const faults: [string, string, RegExp][] = [
    ['in quotes', `"${inner(own.privateKey)}"`, /^MANIFEST_SIGNING_KEY begins with a quote/],
    ['that is public', publicKey, /^MANIFEST_SIGNING_KEY holds a public key; it belongs in MANIFEST_PUBLIC_KEY/],
    ['that is public, on a line', inner(own.publicKey), /holds a public key/],
    ['that was cut', secret.slice(0, 60), /^MANIFEST_SIGNING_KEY holds no private key: it is cut short or mistyped/],
    ['of another kind', pemOf(rsa.privateKey), /holds a key of the kind rsa, not ed25519/],
    ['with a passphrase', String(locked), /locked with a passphrase/],
    ['and another one', secret + pemOf(other.privateKey), /holds several keys/],
    ['that is a path', '/run/keys/signing.key', /^MANIFEST_SIGNING_KEY holds a path .* MANIFEST_SIGNING_KEY_FILE/],
    ['that is none', 'hunter2', /holds no private key/],
  ];
  for (const [what, value, expected] of faults) {
    test(`refuses one ${what}`, () => {
      assertProblem({ MANIFEST_SIGNING_KEY: value }, expected);
      assert.ok(!problemsWith({ MANIFEST_SIGNING_KEY: value }).join().includes(inner(own.privateKey).slice(20, 40)));
    });
  }
});

describe('MANIFEST_PUBLIC_KEY', () => {
  const reader = (value: string): readonly string[] =>
    readReaderConfig({ ...leastEnv, MANIFEST_PUBLIC_KEY: value }).signing.publicKeys;
  for (const [what, form] of forms) {
    test(`takes ${what}`, () => {
      assert.deepEqual(reader(form(own.publicKey)), [inner(own.publicKey)]);
    });
  }

  const both = [inner(own.publicKey), inner(other.publicKey)];
  for (const [what, value] of [
    ['PEM', publicKey + pemOf(other.publicKey)],
    ['commas', both.join(', ')],
    ['lines', both.join('\n')],
    ['commas, of base64 of PEM', `${base64(publicKey)},${base64(pemOf(other.publicKey))}`],
  ] as const) {
    test(`takes several: ${what}`, () => {
      assert.deepEqual(reader(value), both);
    });
  }

  for (const [what, value, expected] of [
    ['that is private', secret, /^MANIFEST_PUBLIC_KEY holds a private key; put it into MANIFEST_SIGNING_KEY/],
    ['that is private, on a line', inner(own.privateKey), /holds a private key/],
    ['of which one is private', `${inner(own.publicKey)},${inner(own.privateKey)}`, /holds a private key/],
    ['that was cut', inner(own.publicKey).slice(0, -9), /^MANIFEST_PUBLIC_KEY holds a public key that is cut short/],
    ['of which one was cut', publicKey + pemOf(other.publicKey).slice(0, 50), /cut short or mistyped/],
    ['of another kind', pemOf(rsa.publicKey), /of the kind rsa, not ed25519/],
    ['that is a path', '/run/keys/signing.pub', /holds a path .* MANIFEST_PUBLIC_KEY_FILE/],
  ] as const) {
    test(`refuses one ${what}`, () => {
      assert.throws(
        () => reader(value),
        (error: Error) => {
          assert.match(error.message.split('\n  - ')[1] ?? '', expected);
          return !error.message.includes(inner(own.privateKey).slice(20, 40));
        },
      );
    });
  }
});

test('a signing key must belong to a public key that is believed', () => {
  const MANIFEST_SIGNING_KEY = secret;
  const several = `${inner(other.publicKey)},${inner(own.publicKey)}`;
  assert.equal(read({ MANIFEST_SIGNING_KEY, MANIFEST_PUBLIC_KEY: several }).signing.publicKeys.length, 2);
  const [problem] = problemsWith({ MANIFEST_SIGNING_KEY, MANIFEST_PUBLIC_KEY: inner(other.publicKey) });
  assert.match(problem ?? '', /^MANIFEST_SIGNING_KEY does not belong to MANIFEST_PUBLIC_KEY: .* add the public key /);
  assert.ok(problem?.endsWith(inner(own.publicKey)));
});

test('a run that believes only signed backups must sign', () => {
  assertProblem(
    { MANIFEST_PUBLIC_KEY: publicKey },
    /^MANIFEST_PUBLIC_KEY believes only signed backups, and MANIFEST_SIGNING_KEY/,
  );
});

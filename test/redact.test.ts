import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../src/config/secret.ts';
import { createRedactor, isOrdinaryWord, redactJson } from '../src/redact.ts';

const canary = 'c@n:a/r%y#+ !\'()*"\\ü🐘\n&=~';
const encodings: Record<string, (value: string) => string> = {
  'as it is': (value) => value,
  'as a component of a URL': encodeURIComponent,
  'as a URL': encodeURI,
  'percent-encoded in lower case': (value) => encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase()),
  'percent-encoded as request signatures want it': (value) =>
    encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  'in a form': (value) => new URLSearchParams({ x: value }).toString().slice(2),
  'in JSON': (value) => JSON.stringify(value),
  'in JSON in JSON': (value) => JSON.stringify(JSON.stringify(value)),
  'as a URL in JSON': (value) => JSON.stringify(encodeURI(value)),
  'in base64': (value) => Buffer.from(value).toString('base64'),
  'in base64 for URLs': (value) => Buffer.from(value).toString('base64url'),
  'in hexadecimal': (value) => Buffer.from(value).toString('hex'),
};

describe('a secret is never shown', () => {
  const redact = createRedactor([new Secret(canary)]);
  for (const [how, encode] of Object.entries(encodings)) {
    test(how, () => {
      const text = redact(`before ${encode(canary)} between ${encode(canary)} after`);
      assert.match(text, /^before "?(\\")?\*\*\*(\\")?"? between "?(\\")?\*\*\*(\\")?"? after$/);
    });
  }

  for (const user of ['', 'a', 'ab', 'abc', 'postgres']) {
    test(`in the header of a login as "${user}"`, () => {
      const header = Buffer.from(`${user}:${canary}`).toString('base64');
      const left = redact(`Authorization: Basic ${header}`).slice('Authorization: Basic '.length);
      assert.match(left, /\*\*\*/);
      // At most the characters that the secret shares with its neighbours.
      assert.ok(left.length <= Math.ceil(((user.length + 1) * 4) / 3) + 6, left);
    });
  }

  test('whatever it is, in whatever stands around it', () => {
    const words = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(words, fc.string(), fc.constantFrom(...Object.values(encodings)), (secret, around, encode) => {
        // Of one made of the stars that replace it, nothing can be told.
        fc.pre(!/^[*\s]*$/.test(secret) && !around.includes(secret) && !'***'.includes(secret));
        const form = encode(secret);
        const text = createRedactor([new Secret(secret)])(`${around} ${form} ${around}`);
        assert.ok(!text.includes(` ${form} `), text);
      }),
    );
  });
});

test('JSON stays JSON: only its texts are redacted, names and what is deep inside too', () => {
  const redact = createRedactor([new Secret('123'), new Secret('nxyz'), new Secret('canary"')]);
  const value = { n: 51_234, list: ['a\nxyz 123', { 'canary"': null, deep: 'nxyz' }], yes: true };
  assert.deepEqual(JSON.parse(redactJson(value, redact)), {
    n: 51_234,
    list: ['a\nxyz ***', { '***': null, deep: '***' }],
    yes: true,
  });
});

test('a secret that is part of another hides neither', () => {
  const redact = createRedactor([new Secret('hunter'), new Secret('hunter2-long')]);
  assert.equal(redact('hunter2-long and hunter'), '*** and ***');
});

test('text without secrets stays as it is', () => {
  const redact = createRedactor([new Secret(canary), new Secret(''), new Secret('ab')]);
  for (const text of ['', 'ab abc', 's3://bucket/key', 'http://127.0.0.1:9000/b?x=1', 'a: b@c', 'file:///x']) {
    assert.equal(redact(text), text);
  }
});

describe('the password of any URL is hidden, known or not', () => {
  const redact = createRedactor([]);
  const cases: [text: string, expected: string][] = [
    ['postgres://user:pw@host/db', 'postgres://user:***@host/db'],
    ['see "https://u:p@h:1/x" there', 'see "https://u:***@h:1/x" there'],
    ['smtp+tls://:pw@host', 'smtp+tls://:***@host'],
    ['postgres://user:p@ss@host/db', 'postgres://user:***@host/db'],
    ['postgres://user:p/a:s#s@host/db', 'postgres://user:***@host/db'],
    ['POSTGRES://user:pw@host', 'POSTGRES://user:***@host'],
    ['postgres://user@host/db', 'postgres://user@host/db'],
    ['postgres://host:5432/db', 'postgres://host:5432/db'],
  ];
  for (const [text, expected] of cases) {
    test(text, () => {
      assert.equal(redact(text), expected);
    });
  }
});

test('short secrets and plain words are told from what nobody guesses', () => {
  const ordinary = (value: string): boolean => isOrdinaryWord(new Secret(value));
  assert.deepEqual(['secret', 'postgres', 'x7$k', 'Password'].map(ordinary), [true, true, true, true]);
  assert.deepEqual(['k3f9q2vx', 'correct horse battery staple', canary].map(ordinary), [false, false, false]);
});

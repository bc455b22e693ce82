import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseManifest, serializeManifest } from '../../src/catalog/manifest.ts';
import { Failure } from '../../src/errors.ts';
import { sampleArtifact, sampleManifest } from './sample-manifest.ts';

const where = 's3://bucket/shop/20261120T020000Z-k3f9q2/manifest.json';

/** Reads a text that may be anything: a manifest, or a failed verification in one line, and nothing else. */
function read(text: string): unknown {
  try {
    return parseManifest(text, where);
  } catch (thrown) {
    assert.ok(thrown instanceof Failure, String(thrown));
    assert.equal(thrown.kind, 'verification');
    assert.equal(thrown.retryable, false);
    assert.ok(thrown.message.startsWith(where), thrown.message);
    assert.ok(!/\p{Cc}/u.test(thrown.message), JSON.stringify(thrown.message));
    assert.ok(thrown.message.length < 1000, thrown.message);
    return undefined;
  }
}

const whole = serializeManifest(sampleManifest());
const anything = fc.json().map((text) => JSON.parse(text) as unknown);

/** Every place in a manifest, as the names that lead there. */
function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [[...path], ...inside.flatMap(([name, part]) => placesIn(part, [...path, name]))];
}

function replaced(value: unknown, [name, ...rest]: readonly string[], put: unknown): unknown {
  if (name === undefined) return put;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[name] = replaced(copy[name], rest, put);
  return copy;
}

test('any text is a manifest or a failed verification', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      read(text);
    }),
  );
});

test('a manifest with anything in the place of anything is one, or a failed verification', () => {
  const places = placesIn(JSON.parse(whole));
  fc.assert(
    fc.property(fc.constantFrom(...places), anything, (place, put) => {
      read(JSON.stringify(replaced(JSON.parse(whole), place, put)));
    }),
    { numRuns: 500 },
  );
});

test('a manifest with some bytes of it changed, cut out or repeated is one, or a failed verification', () => {
  const at = fc.nat(whole.length);
  fc.assert(
    fc.property(at, at, fc.string({ unit: 'binary', maxLength: 8 }), (from, to, put) => {
      read(whole.slice(0, from) + put + whole.slice(to));
    }),
    { numRuns: 500 },
  );
});

test('what nests too deep is a failed verification', () => {
  const deep = 200_000;
  for (const text of [
    '['.repeat(deep) + ']'.repeat(deep),
    `{"schemaVersion":1,"a":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`,
    whole.replace('"objects":', `"objects":${'['.repeat(deep)}${']'.repeat(deep)},"more":`),
  ]) {
    assert.equal(read(text), undefined);
  }
});

test('the key of an artifact is a file name in the folder of its backup, whatever it says', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '%2e',
    '%2F',
    '\0',
    '\n',
    ' ',
    '~',
    '-',
    'database.dump',
    ':',
    '*',
  );
  const key = fc.oneof(
    fc.array(part, { maxLength: 6 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(key, (name) => {
      const manifest = { ...sampleManifest(), artifacts: [{ ...sampleArtifact(), key: name }] };
      const found = read(JSON.stringify(manifest));
      if (found !== undefined) assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/);
    }),
    { numRuns: 1000 },
  );
});

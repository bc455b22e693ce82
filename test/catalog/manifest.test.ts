import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Manifest, parseManifest, schemaVersion, serializeManifest } from '../../src/catalog/manifest.ts';
import { sampleArtifact, sampleManifest } from './sample-manifest.ts';

const where = 's3://bucket/shop/20261120T020000Z-k3f9q2/manifest.json';

function changed(change: (manifest: Record<string, unknown>) => void): string {
  const value = structuredClone(sampleManifest()) as unknown as Record<string, unknown>;
  change(value);
  return JSON.stringify(value);
}

test('what is written is what is read', () => {
  const manifest = sampleManifest();
  assert.deepEqual(parseManifest(serializeManifest(manifest), where), manifest);
});

test('it is written for people too: indented, with a newline at its end', () => {
  assert.match(serializeManifest(sampleManifest()), /^\{\n {2}"schemaVersion": 1,\n[^]*\n\}\n$/);
});

test('fields that a later version of the same schema may add are ignored', () => {
  const text = changed((manifest) => {
    manifest['moon'] = 'full';
    (manifest['server'] as Record<string, unknown>)['moon'] = 'full';
  });
  assert.deepEqual(parseManifest(text, where), sampleManifest());
});

test('a newer schema is refused, naming its version and ours, whatever else has changed', () => {
  for (const text of [changed((manifest) => (manifest['schemaVersion'] = 4)), '{"schemaVersion":4,"all":"new"}']) {
    assert.throws(() => parseManifest(text, where), {
      kind: 'verification',
      retryable: false,
      message: `${where} has schema version 4`,
      hint: new RegExp(`reads versions up to ${String(schemaVersion)}. Use a newer pg-offsite`),
    });
  }
});

describe('a damaged manifest is refused, naming where it is and what is wrong', () => {
  const whole = serializeManifest(sampleManifest());
  const cases: [what: string, text: string, message: RegExp][] = [
    ['an empty file', '', /is not valid JSON$/],
    ['one that was cut', whole.slice(0, -20), /is not valid JSON$/],
    ['another program’s JSON', '{"backups":[]}', /is damaged: .*schemaVersion|is damaged: /],
    ['a JSON text', '"manifest"', /is damaged: /],
    ['a schema version 0', changed((manifest) => (manifest['schemaVersion'] = 0)), /is damaged: /],
    ['one without artifacts', changed((manifest) => (manifest['artifacts'] = [])), /is damaged: /],
    ['one without contents', changed((manifest) => delete manifest['contents']), /is damaged: /],
    ['a number that is no size', withArtifact({ bytes: -1 }), /is damaged: /],
    ['a sum that is none', withArtifact({ sha256: 'ABC' }), /is damaged: /],
    ['an artifact key that climbs out of the folder', withArtifact({ key: '../../etc/passwd' }), /is damaged: /],
    ['an artifact key that is the parent', withArtifact({ key: '..' }), /is damaged: /],
    ['an artifact key that is an option', withArtifact({ key: '-rf' }), /is damaged: /],
  ];
  for (const [what, text, message] of cases) {
    test(what, () => {
      assert.throws(
        () => parseManifest(text, where),
        (failure: { kind: string; message: string; retryable: boolean }) => {
          assert.equal(failure.kind, 'verification');
          assert.equal(failure.retryable, false);
          assert.ok(failure.message.startsWith(where));
          assert.match(failure.message, message);
          assert.ok(!failure.message.includes('\n'));
          return true;
        },
      );
    });
  }
});

function withArtifact(changes: object): string {
  return changed((manifest) => (manifest['artifacts'] = [sampleArtifact('x', changes)]));
}

test('a manifest that this program could not read again is not written', () => {
  const wrong: Manifest = sampleManifest({ artifacts: [sampleArtifact('x', { bytes: Number.NaN })] });
  assert.throws(() => serializeManifest(wrong));
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { areWhole, dataLane, laneFile, mostDataLanes } from '../../src/catalog/lane-names.ts';
import { lanesOf } from '../../src/catalog/lanes.ts';
import {
  type Artifact,
  dumpsOf,
  parseManifest,
  schemaVersionFor,
  serializeManifest,
} from '../../src/catalog/manifest.ts';
import { sampleArtifact, sampleLanes, sampleManifest } from './sample-manifest.ts';

const globals = sampleArtifact('roles', { key: 'globals.sql.zst.age', kind: 'globals', lane: 'globals' });

test('a backup in lanes is read back with all of them, the rest last', () => {
  const lanes = sampleLanes();
  const manifest = sampleManifest({ schemaVersion: 3, artifacts: [...lanes.toReversed(), globals] });
  const read = lanesOf(parseManifest(serializeManifest(manifest), 'here'));
  assert.ok(read);
  assert.equal(read.schema.lane, 'schema');
  assert.deepEqual(
    read.data.map(({ lane }) => lane),
    ['data-02', 'data-01', 'rest'],
  );
  assert.equal(read.rest, read.data.at(-1));
  assert.equal(dumpsOf(manifest).length, 4);
});

test('one dump is no lanes', () => {
  assert.equal(lanesOf(sampleManifest()), undefined);
});

test('the file of each lane is one of a dump, and its name tells the lane', () => {
  assert.deepEqual(['all', 'schema', dataLane(7), 'rest'].map(laneFile), [
    'database',
    'database-schema',
    'database-data-07',
    'database-data-rest',
  ]);
});

test('older programs refuse lanes, and read everything else that they could', () => {
  assert.equal(schemaVersionFor([sampleArtifact()]), 1);
  assert.equal(schemaVersionFor([sampleArtifact(), globals]), 2);
  assert.equal(schemaVersionFor(sampleLanes()), 3);
  assert.equal(schemaVersionFor([...sampleLanes(), globals]), 3);
});

describe('dumps that are not the lanes of one backup', () => {
  const lanes = sampleLanes();
  const [schema, first, second, rest] = lanes as [Artifact, Artifact, Artifact, Artifact];
  const cases: [what: string, dumps: Artifact[]][] = [
    ['without the schema', [first, second, rest]],
    ['without the rest', [schema, first, second]],
    ['the schema alone', [schema]],
    ['one in the middle is missing', [schema, second, rest]],
    ['one twice', [...lanes, second]],
    ['two of one name', [schema, first, { ...second, key: first.key }, rest]],
    ['one that holds everything besides', [...lanes, sampleArtifact()]],
    ['one of another encryption', [schema, first, { ...second, encryption: 'none' }, rest]],
    ['one of another compression', [schema, first, { ...second, compression: 'gzip' }, rest]],
    ['scripts', lanes.map((lane) => ({ ...lane, format: 'plain' as const }))],
    ['more than there may be', sampleLanes(mostDataLanes + 1)],
  ];
  for (const [what, dumps] of cases) {
    test(`are refused: ${what}`, () => {
      assert.equal(areWhole(dumps), false);
      const manifest = JSON.stringify({ ...sampleManifest(), schemaVersion: 3, artifacts: dumps });
      assert.throws(() => parseManifest(manifest, 'here'), /are not the lanes of one backup/);
    });
  }
  test('all of them are taken', () => {
    assert.ok(areWhole(sampleLanes(mostDataLanes)) && areWhole(sampleLanes(1)) && areWhole(sampleLanes(0)));
  });
});

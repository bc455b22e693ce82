import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { brokenPromise, explore, type Explored, moves } from '../../src/backup/protocol/explore.ts';
import {
  classify,
  type Folder,
  type Listed,
  type Move,
  replaced,
  type Start,
} from '../../src/backup/protocol/state.ts';
import { backupFolder, fileNames } from '../../src/catalog/keys.ts';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { sha256Sums } from '../../src/catalog/sums.ts';
import { surveyStore } from '../../src/retention/survey.ts';
import { openStore } from '../../src/store/open.ts';
import { noLog } from '../drill/scene.ts';
import { sampleArtifact, sampleManifest } from '../catalog/sample-manifest.ts';

const one: Start = { older: 1, runs: 1, objects: 2, parts: 1, prunes: 1, minimum: 1, faults: 2, kills: 1 };
const two: Start = { ...one, runs: 2, objects: 1, prunes: 0, faults: 1, kills: 0 };

describe('the protocol of runs and prunes, gone through whole', () => {
  for (const [what, start, atLeast] of [
    ['a run, a prune, two faults and a kill', one, 10_000],
    ['the same with three data objects and a fault', { ...one, objects: 3, faults: 1 }, 10_000],
    ['two runs that prune, a fault and a kill', { ...two, kills: 1 }, 50_000],
    ['two runs that prune, a fault, two older backups', { ...two, older: 2, minimum: 2 }, 50_000],
    ['a run and two prunes at once', { ...one, older: 2, objects: 1, prunes: 2, faults: 0, kills: 0 }, 50_000],
    ['a run with four faults', { ...one, older: 0, objects: 3, parts: 2, prunes: 0, faults: 4, kills: 0 }, 2000],
  ] as const) {
    test(`keeps the promise: ${what}`, () => {
      const { broken, worlds } = explore(start);
      assert.equal(broken, undefined);
      assert.ok(worlds >= atLeast, `${String(worlds)} worlds are too few`);
    });
  }

  const sabotaged = (change: (move: Move) => Move): Explored =>
    explore(one, brokenPromise, function* (world) {
      for (const move of moves(world)) yield change(move);
    });

  test('is broken by a run that does not verify', () => {
    const { broken } = sabotaged((move) => {
      if (!move.what.includes('finds a difference')) return move;
      const [, run] = move.world.runs;
      const isLast = run?.object === one.objects - 1;
      const skip = isLast ? { step: 'sums' as const } : { step: 'begin' as const, object: 1 };
      return { ...move, world: { ...move.world, runs: replaced(move.world.runs, 1, run && { ...run, ...skip }) } };
    });
    assert.match(broken?.why ?? '', /looks like a backup and is damaged/);
  });

  test('is broken by a run that does not take back a doubtful manifest', () => {
    const { broken } = sabotaged((move) => {
      const [, run] = move.world.runs;
      if (run?.step !== 'abort') return move;
      const changed = { ...run, step: 'ended', outcome: 'failure' } as const;
      return { ...move, world: { ...move.world, runs: replaced(move.world.runs, 1, changed) } };
    });
    assert.match(broken?.why ?? '', /run 1 failed and left a backup/);
  });

  test('is broken by a prune that takes a run under way for a killed one', () => {
    const { broken } = explore(one, brokenPromise, function* (world) {
      const folders = world.folders.map((folder) => ({ ...folder, old: classify(folder) === 'unfinished' }));
      yield* moves(folders.some(({ old }) => old) ? { ...world, folders } : world);
    });
    assert.match(broken?.why ?? '', /looks like a backup and is damaged|neither its backup nor a newer one/);
    assert.ok(broken?.story.some((step) => step.includes('removes')));
  });

  test('is broken by a prune that takes the newest for sure', () => {
    const { broken } = sabotaged((move) => {
      const [, , prune] = move.world.prunes;
      const isSure = prune?.listed.length === 2 && prune.listed[1] === 'backup' && move.what.includes('will remove');
      if (!isSure || prune.listed[0] !== 'backup') return move;
      const changed = { ...prune, step: 'manifest', todo: [0] } as const;
      return { ...move, world: { ...move.world, prunes: replaced(move.world.prunes, 2, changed) } };
    });
    assert.match(broken?.why ?? '', /no backup is left|nor a newer one/);
  });
});

describe('every state that a folder can come to', () => {
  const root = mkdtempSync(join(tmpdir(), 'pg-offsite-protocol-'));
  after(() => {
    rmSync(root, { recursive: true });
  });
  const id = '20200101T020000Z-k3f9q2';
  const content = 'a whole dump';
  const artifacts = [
    sampleArtifact(content, { key: 'globals.sql.zst.age', kind: 'globals', format: 'plain' }),
    sampleArtifact(content),
  ];

  const store = (database: string, { data, sums, guide, manifest, old }: Folder): void => {
    const folder = join(root, backupFolder(database, id));
    mkdirSync(folder, { recursive: true });
    const time = new Date(old ? '2020-01-01' : Date.now());
    const put = (name: string, text: string): void => {
      writeFileSync(join(folder, name), text);
      utimesSync(join(folder, name), time, time);
    };
    for (const [index, { key }] of artifacts.entries()) {
      if (data[index] === 'none') continue;
      put(key, data[index] === 'whole' ? content : content.slice(1));
    }
    if (sums) put(fileNames.sums, sha256Sums(artifacts));
    if (guide) put(fileNames.guide, 'how to restore');
    const text = serializeManifest(sampleManifest({ id, database, artifacts }));
    if (manifest) put(fileNames.manifest, text);
  };

  test('is taken by a fresh process for what the model takes it for', async () => {
    const { folders } = explore(one);
    const distinct = new Map(folders.map((folder) => [JSON.stringify({ ...folder, uploads: 0, late: false }), folder]));
    const expected: Record<string, Listed> = {};
    const found: Record<string, Listed> = {};
    for (const [index, folder] of [...distinct.values()].entries()) {
      const database = `state${String(index)}`;
      expected[database] = classify(folder);
      found[database] = 'nothing';
      store(database, folder);
    }
    const directory = openStore({ kind: 'directory', path: root }, noLog);
    const signal = new AbortController().signal;
    for (const survey of await surveyStore({ store: directory, database: undefined, backupTimeoutMs: 1, signal })) {
      const [untouched] = survey.untouched;
      if (survey.backups.length > 0) found[survey.database] = 'backup';
      else if (survey.leftovers[0]) found[survey.database] = `left by a ${survey.leftovers[0].by}`;
      else if (untouched?.why === 'its data is missing') found[survey.database] = 'hollow';
      else if (untouched?.why === 'it has no manifest') found[survey.database] = 'unfinished';
      else if (untouched) found[survey.database] = 'damaged';
    }
    assert.deepEqual(found, expected);
    assert.deepEqual(
      new Set(Object.values(expected)),
      new Set(['nothing', 'backup', 'damaged', 'hollow', 'left by a prune', 'left by a run', 'unfinished']),
    );
  });
});

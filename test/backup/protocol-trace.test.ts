import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moves } from '../../src/backup/protocol/explore.ts';
import {
  type Data,
  emptyFolder,
  type Folder,
  replaced,
  startWorld,
  type World,
} from '../../src/backup/protocol/state.ts';
import { isArtifactFile } from '../../src/catalog/keys.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import type { S3Call } from '../support/s3-server.ts';
import { until } from '../support/until.ts';
import { useScene } from './scene.ts';

/*
 * What real runs ask of the store, request by request, is what the model of the protocol allows a run to ask: then what
 * holds for the model holds for them.
 */
const scene = useScene();
/** The globals and the dump. */
const objects = 2;
const globals = { GLOBALS: 'on' };

/** The states that the requests took the folder of the newest backup through. */
function statesIn(calls: readonly S3Call[]): Folder[] {
  const states: Folder[] = [];
  let folder = emptyFolder(objects);
  for (const { operation, key, status } of calls) {
    if (status < 200 || status > 299) continue;
    const file = key.slice(key.lastIndexOf('/') + 1);
    const at = file.startsWith('globals.') ? 0 : 1;
    const data = (state: Data) => ({ data: replaced(folder.data, at, state) });
    const isData = isArtifactFile(file);
    const name = { SHA256SUMS: 'sums', 'RESTORE.md': 'guide', 'manifest.json': 'manifest' }[file];
    let change: Partial<Folder> | undefined;
    if (operation === 'CreateMultipartUpload') change = { uploads: folder.uploads + 1 };
    else if (operation === 'AbortMultipartUpload') change = { uploads: folder.uploads - 1 };
    else if (operation === 'CompleteMultipartUpload') change = { uploads: folder.uploads - 1, ...data('whole') };
    else if (operation === 'PutObject' && name !== undefined) change = { [name]: true };
    else if (operation === 'PutObject' && isData) change = data('whole');
    else if (operation === 'DeleteObject' && name !== undefined) change = { [name]: false };
    else if (operation === 'DeleteObject' && isData) change = data('none');
    if (!change) continue;
    const after = { ...folder, ...change };
    if (JSON.stringify(after) === JSON.stringify(folder)) continue;
    states.push((folder = after));
  }
  return states;
}

/** The worlds that may be, once the folder has gone through these states; none where the model does not allow it. */
function worldsAfter(states: readonly Folder[]): World[] {
  const same = (world: World, folder: Folder): boolean => JSON.stringify(world.folders[0]) === JSON.stringify(folder);
  const start = { older: 0, runs: 1, objects, parts: 1, prunes: 0, minimum: 1, faults: 3, kills: 1 };
  const still = (worlds: readonly World[], folder: Folder): World[] => {
    const found = new Map(worlds.map((world) => [JSON.stringify(world), world]));
    for (const world of found.values()) {
      for (const { world: after } of moves(world)) if (same(after, folder)) found.set(JSON.stringify(after), after);
    }
    return [...found.values()];
  };
  let worlds = still([startWorld(start)], emptyFolder(objects));
  for (const folder of states) {
    const next = worlds.flatMap((world) => [...moves(world)].map((move) => move.world)).filter((w) => same(w, folder));
    worlds = still(next, folder);
  }
  return worlds;
}

/** Asserts that the model allows what was asked since the test began, and that it ends as it did. */
function assertAllowed(outcome: 'success' | 'failure' | undefined): void {
  const states = statesIn(scene.server.calls);
  assert.ok(states.length > 2, 'too little was asked of the store');
  const outcomes = new Set(worldsAfter(states).map(({ runs: [run] }) => run?.outcome));
  assert.ok(outcomes.size > 0, `the model does not allow ${JSON.stringify(states, undefined, 1)}`);
  assert.ok(outcomes.has(outcome), `the model does not let it end so: ${[...outcomes].join()}`);
}

const refuse = { kind: 'answer', status: 500 } as const;
const endsWith =
  (file: string) =>
  ({ key }: { readonly key: string }): boolean =>
    key.endsWith(file);

test('a run that succeeds', async () => {
  await scene.succeeds({ ...globals, ...fakePgDump('head -c 12000000 /dev/zero') });
  assertAllowed('success');
});

test('a run whose dump fails after some parts', async () => {
  await scene.start({ ...globals, ...fakePgDump('head -c 12000000 /dev/zero; exit 1') }).ended;
  assertAllowed('failure');
});

for (const file of ['SHA256SUMS', 'RESTORE.md', 'manifest.json']) {
  test(`a run that cannot write ${file}`, async () => {
    scene.server.fault({ operation: 'PutObject', when: endsWith(file), action: refuse });
    await scene.start(globals).ended;
    assertAllowed('failure');
  });
}

test('a run that may not take back what it wrote', async () => {
  scene.server.fault({ operation: 'PutObject', when: endsWith('manifest.json'), action: refuse });
  scene.server.fault({ operation: 'DeleteObject', when: endsWith('SHA256SUMS'), action: refuse });
  await scene.start(globals).ended;
  assertAllowed('failure');
});

test('a run that is stopped while it writes the manifest', async () => {
  scene.server.fault({ operation: 'PutObject', when: endsWith('manifest.json'), action: { kind: 'delay', ms: 1000 } });
  const run = scene.start(globals);
  await until('the manifest is under way', () =>
    Promise.resolve(
      scene.server.calls.some(({ operation, key }) => operation === 'PutObject' && key.endsWith('manifest.json')),
    ),
  );
  run.signal('SIGTERM');
  await run.ended;
  assertAllowed('failure');
});

test('the model does not allow everything', () => {
  const empty = emptyFolder(objects);
  const early = { ...empty, manifest: true };
  assert.deepEqual(worldsAfter([early]), []);
  const begun = { ...empty, uploads: 1 };
  assert.deepEqual(worldsAfter([begun, empty, begun, { ...empty, data: ['whole', 'none'] }, early]), []);
});

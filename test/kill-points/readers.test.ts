import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { scratchFolders } from '../commands/stored.ts';
import { type Channel, countCalls, runUntil } from './channel.ts';
import { inPlaces, type Place, reading, useScene } from './place.ts';
import { pointsOf } from './point.ts';
import { storeCalls } from './store-calls.ts';
import { systemCalls } from './system-calls.ts';
import { Tally } from './tally.ts';
import { age, assertIntact, twoDaysMs } from './after-backup.ts';

const scene = useScene();

for (const [title, channelOf, most] of [
  ['requests to the store', ({ server }: Place) => storeCalls(server), 4],
  ['changes to files and starts of programs', () => systemCalls, 4],
] as const) {
  test(`verify is killed at its ${title}: nothing has changed, and nothing is left`, async (context: TestContext) => {
    const [first] = scene.places;
    const variables = (place: Place) => scene.started({ ...place.store, ...reading });
    const options = { ...scene.options, args: ['verify'] };
    first!.reset();
    const calls = await countCalls(channelOf(first!) satisfies Channel, variables(first!), options);
    const tally = new Tally(`verify: ${title}`, calls.length);
    await inPlaces(scene.places, pointsOf(calls.length, most), async (place, point) => {
      place.reset();
      const run = await runUntil(channelOf(place), point, variables(place), options);
      tally.add(run.killed ? 'store unchanged' : 'ended before it');
      assert.deepEqual(place.keys(), [...scene.seeds.keys()].sort(), run.where);
      for (const id of scene.older) assertIntact(scene, place, id, run.where);
      const { exitCode, stderr } = await scene.run({ ...place.store, ...reading }, ['verify']);
      assert.equal(exitCode, 0, `${run.where}: ${stderr}`);
      assert.deepEqual(scratchFolders(run.pid), [], run.where);
    });
    tally.print(context);
  });
}

test('prune is killed at its requests to the store: what stays is intact, what goes is none', async (context) => {
  const [first] = scene.places;
  const policy = { KEEP_LAST: '1' };
  const variables = (place: Place) => scene.started(place.backup(policy));
  const options = { ...scene.options, args: ['prune', '--yes'] };
  // So old that the last one alone may stay.
  const reset = (place: Place): void => {
    place.reset();
    for (const key of place.keys()) place.object(key)?.lastModified.setTime(Date.now() - 7_200_000);
  };
  reset(first!);
  const calls = await countCalls(storeCalls(first!.server), variables(first!), options);
  const [newest] = scene.older.slice(-1);
  const goal = [...scene.seeds.keys()].filter((key) => key.includes(newest!)).sort();
  assert.deepEqual(first!.keys(), goal);
  const tally = new Tally('prune: requests to the store', calls.length);
  await inPlaces(scene.places, pointsOf(calls.length, 10), async (place, point) => {
    reset(place);
    const run = await runUntil(storeCalls(place.server), point, variables(place), options);
    assertIntact(scene, place, newest!, run.where);
    const marked = scene.older.filter((id) => place.object(`shop/${id}/manifest.json`));
    for (const id of marked) assertIntact(scene, place, id, run.where);
    tally.add(run.killed ? `${String(3 - marked.length)} of 2 are no backups any more` : 'ended before it');
    const listed = await scene.run({ ...place.store, ...reading }, ['list', '--json']);
    const { backups } = JSON.parse(listed.stdout) as { backups: { id: string }[] };
    assert.deepEqual(backups.map(({ id }) => id).sort(), marked, run.where);
    // A folder that has lost its manifest alone could be that of a run that is about to write it, until it is too old.
    age(place, (key) => !marked.some((id) => key.includes(id)), twoDaysMs);
    const next = await scene.run(place.backup(policy), options.args);
    assert.equal(next.exitCode, 0, `${run.where}: ${next.stderr}`);
    assert.deepEqual(place.keys(), goal, run.where);
  });
  tally.print(context);
});

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { assertIntact, assertReadable, lookAt } from './after-backup.ts';
import { heldBy, lookAtTarget } from './after-restore.ts';
import { type Channel, countCalls, runUntil } from './channel.ts';
import { inPlaces, type Place, reading, useScene } from './place.ts';
import { everyPoint, lostReplies } from './point.ts';
import { storeCalls } from './store-calls.ts';
import { Tally } from './tally.ts';

const scene = useScene();

for (const [title, channelOf, most] of [
  ['request to the store', ({ server }: Place) => storeCalls(server), 10],
  ['query to PostgreSQL', ({ proxy }: Place) => proxy, 4],
] as const) {
  test(`the reply to a ${title} of a backup is lost`, async (context: TestContext) => {
    const [first] = scene.places;
    const variables = (place: Place) => scene.started(place.backup({ DATABASE_URL: place.past('shop') }));
    first!.reset();
    const calls = await countCalls(channelOf(first!) satisfies Channel, variables(first!), scene.options);
    const tally = new Tally(`backup, reply lost: each ${title}`, calls.length, 1);
    const seen = new Set<string>();
    await inPlaces(scene.places, lostReplies(calls.length, most), async (place, point) => {
      place.reset();
      const run = await runUntil(channelOf(place), point, variables(place), scene.options);
      const found = lookAt(scene, place, run.where);
      assert.notEqual(run.exitCode, 70, `${run.where}: ${run.stderr}`);
      // A success is a backup; anything else has left nothing at all.
      assert.equal(found.outcome, run.exitCode === 0 ? 'complete backup' : 'nothing', `${run.where}: ${run.stderr}`);
      assert.equal(place.server.openUploads.length, 0, run.where);
      tally.add(`${found.outcome} and ${String(run.exitCode)}`);
      if (seen.has(found.state) && !everyPoint) return;
      seen.add(found.state);
      await assertReadable(scene, place, found.complete, run.where);
    });
    tally.print(context);
  });
}

for (const [title, channelOf, most] of [
  ['query to PostgreSQL', ({ proxy }: Place) => proxy, 5],
  ['request to the store', ({ server }: Place) => storeCalls(server), 3],
] as const) {
  test(`the reply to a ${title} of a restore is lost`, async (context: TestContext) => {
    const [first] = scene.places;
    const variables = (place: Place, target: string) =>
      scene.started({ ...place.store, ...reading, TARGET_DATABASE_URL: place.past(target) });
    const options = { ...scene.options, args: ['restore', 'latest'] };
    first!.reset();
    const whole = await scene.target();
    const calls = await countCalls(channelOf(first!) satisfies Channel, variables(first!, whole), options);
    const expected = await heldBy(scene, whole);
    const tally = new Tally(`restore, reply lost: each ${title}`, calls.length, 1);
    await inPlaces(scene.places, lostReplies(calls.length, most), async (place, point) => {
      place.reset();
      const target = await scene.target();
      const run = await runUntil(channelOf(place), point, variables(place, target), options);
      const outcome = await lookAtTarget(scene, target, expected, undefined, run.where);
      tally.add(`${outcome} and ${String(run.exitCode)}`);
      assert.notEqual(run.exitCode, 70, `${run.where}: ${run.stderr}`);
      if (run.exitCode === 0) assert.equal(outcome, 'whole', `${run.where}: ${run.stderr}`);
      else if (outcome === 'whole')
        assert.match(run.stderr, /target_\d+ now holds|was restored into target_\d+/, run.where);
      await scene.postgres.psql(`DROP DATABASE ${target}`);
    });
    tally.print(context);
  });
}

test('the reply to a request of prune is lost: it is asked again', async (context) => {
  const [first] = scene.places;
  const variables = (place: Place) => scene.started(place.backup({ KEEP_LAST: '2' }));
  const options = { ...scene.options, args: ['prune', '--yes'] };
  first!.reset();
  const calls = await countCalls(storeCalls(first!.server), variables(first!), options);
  const goal = first!.keys();
  assert.deepEqual(goal, [...scene.seeds.keys()].filter((key) => !key.includes(scene.older[0]!)).sort());
  const tally = new Tally('prune, reply lost: each request to the store', calls.length, 1);
  await inPlaces(scene.places, lostReplies(calls.length, 5), async (place, point) => {
    place.reset();
    const run = await runUntil(storeCalls(place.server), point, variables(place), options);
    assert.equal(run.exitCode, 0, `${run.where}: ${run.stderr}`);
    for (const id of scene.older.slice(1)) assertIntact(scene, place, id, run.where);
    assert.deepEqual(place.keys(), goal, run.where);
    tally.add('pruned and 0');
  });
  tally.print(context);
});

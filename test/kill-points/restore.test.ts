import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { type Channel, countCalls, runUntil } from './channel.ts';
import { heldBy, lookAtTarget } from './after-restore.ts';
import { inPlaces, type Place, reading, useScene } from './place.ts';
import { pointsOf } from './point.ts';
import { storeCalls } from './store-calls.ts';
import { systemCalls } from './system-calls.ts';
import { Tally } from './tally.ts';

const scene = useScene();

for (const [title, args, channelOf, most] of [
  ['queries to PostgreSQL', [], ({ proxy }: Place) => proxy, 12],
  ['queries to PostgreSQL, with --jobs 2', ['--jobs', '2'], ({ proxy }: Place) => proxy, 6],
  ['requests to the store', [], ({ server }: Place) => storeCalls(server), 4],
  ['changes to files and starts of programs', [], () => systemCalls, 4],
] as const) {
  test(`fault 39: a restore is killed at its ${title}: the target is empty or whole`, async (context: TestContext) => {
    const [first] = scene.places;
    const variables = (place: Place, target: string): Record<string, string> =>
      scene.started({
        ...place.store,
        ...reading,
        TARGET_DATABASE_URL: place.past(target),
      });
    const options = { ...scene.options, args: ['restore', 'latest', ...args] };
    first!.reset();
    const whole = await scene.target();
    const calls = await countCalls(channelOf(first!) satisfies Channel, variables(first!, whole), options);
    const tally = new Tally(`restore: ${title}`, calls.length);
    const expected = await heldBy(scene, whole);
    assert.equal(expected.rows, scene.rows.get(scene.older.at(-1)!));

    await inPlaces(scene.places, pointsOf(calls.length, most), async (place, point) => {
      place.reset();
      const target = await scene.target();
      const run = await runUntil(channelOf(place), point, variables(place, target), options);
      const outcome = await lookAtTarget(scene, target, expected, args.length > 0, run.where);
      tally.add(run.killed ? outcome : 'ended before it');
      // Whoever tries again gets it, or is told that there is something.
      const again = await scene.run(variables(place, target), options.args);
      assert.equal(again.exitCode, outcome === 'empty' ? 0 : 73, `${run.where}: ${again.stderr}`);
      if (outcome === 'empty') assert.deepEqual(await heldBy(scene, target), expected, run.where);
      await scene.postgres.psql(`DROP DATABASE ${target}`);
    });
    tally.print(context);
  });
}

import { test, type TestContext } from 'node:test';
import { assertNextSucceeds, assertReadable, lookAt } from './after-backup.ts';
import { type Channel, countCalls, runUntil } from './channel.ts';
import { inPlaces, type Place, useScene } from './place.ts';
import { everyPoint, pointsOf } from './point.ts';
import { storeCalls } from './store-calls.ts';
import { systemCalls } from './system-calls.ts';
import { Tally } from './tally.ts';

const scene = useScene();

const inLanes = { JOBS: '2' };

for (const [title, channelOf, most, changes] of [
  ['requests to the store', ({ server }: Place) => storeCalls(server), 24, {}],
  ['queries to PostgreSQL', ({ proxy }: Place) => proxy, 7, {}],
  ['changes to files and starts of programs', () => systemCalls, 7, {}],
  ['requests to the store, in lanes', ({ server }: Place) => storeCalls(server), 4, inLanes],
  ['queries to PostgreSQL, in lanes', ({ proxy }: Place) => proxy, 3, inLanes],
] as const) {
  test(`fault 39: a backup is killed at its ${title}`, async (context: TestContext) => {
    const [first] = scene.places;
    const { options } = scene;
    const variables = (place: Place) => scene.started(place.backup({ DATABASE_URL: place.past('shop'), ...changes }));
    first!.reset();
    const calls = await countCalls(channelOf(first!) satisfies Channel, variables(first!), options);
    const tally = new Tally(`backup into S3: ${title}`, calls.length);
    const seen = new Set<string>();
    await inPlaces(scene.places, pointsOf(calls.length, most), async (place, point) => {
      place.reset();
      const run = await runUntil(channelOf(place), point, variables(place), options);
      const found = lookAt(scene, place, run.where);
      tally.add(run.killed ? found.outcome : 'ended before it');
      // In CI fresh processes look at each such state of the store once, and else after each kill.
      if (seen.has(found.state) && !everyPoint) return;
      seen.add(found.state);
      await assertReadable(scene, place, found.complete, run.where);
      await assertNextSucceeds(scene, place, found, run.where);
    });
    tally.print(context);
  });
}

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Held, heldBy, lookAtTarget } from './after-restore.ts';
import { type Channel, countCalls, runUntil } from './channel.ts';
import { inPlaces, type Place, reading, type Scene } from './place.ts';
import { pointsOf } from './point.ts';
import { Tally } from './tally.ts';

/** A restore that is killed at one point after another. */
export interface RestoreSweep {
  readonly title: string;
  readonly args: readonly string[];
  readonly channelOf: (place: Place) => Channel;
  /** How many points, where not all are tried. */
  readonly most: number;
  /** Where it is more than one transaction. */
  readonly inParts?: 'jobs' | 'lanes';
}

/**
 * Kills `restore latest` at its points. After each the target is empty or whole, or a part in an order that is known, and
 * whoever tries again gets the backup or is told that there is something. With `--create` there may be no database, too.
 */
export async function sweepRestore(scene: Scene, context: TestContext, sweep: RestoreSweep): Promise<void> {
  const { title, args, channelOf, most, inParts } = sweep;
  const [first] = scene.places;
  const creates = args.includes('--create');
  const variables = (place: Place, target: string): Record<string, string> =>
    scene.started({ ...place.store, ...reading, TARGET_DATABASE_URL: place.past(target) });
  const options = { ...scene.options, args: ['restore', 'latest', ...args] };
  const isThere = async (name: string): Promise<boolean> =>
    (await scene.postgres.psql(`SELECT count(*) FROM pg_database WHERE datname = '${name}'`)) === '1';
  const newTarget = async (): Promise<string> => {
    const name = await scene.target();
    if (creates) await scene.postgres.psql(`DROP DATABASE ${name}`);
    return name;
  };
  const look = async (target: string, expected: Held, where: string): Promise<string> =>
    (await isThere(target)) ? lookAtTarget(scene, target, expected, inParts, where) : 'no database';

  first!.reset();
  const whole = await newTarget();
  const calls = await countCalls(channelOf(first!), variables(first!, whole), options);
  const tally = new Tally(`restore: ${title}`, calls.length);
  const expected = await heldBy(scene, whole);
  assert.equal(expected.rows, scene.rows.get(scene.older.at(-1)!));

  await inPlaces(scene.places, pointsOf(calls.length, most), async (place, point) => {
    place.reset();
    const target = await newTarget();
    const run = await runUntil(channelOf(place), point, variables(place, target), options);
    const outcome = await look(target, expected, run.where);
    tally.add(run.killed ? outcome : 'ended before it');
    assert.ok(creates || outcome !== 'no database', run.where);
    const isNew = outcome === 'empty' || outcome === 'no database';
    // One that is there is no longer created.
    const again = outcome === 'empty' ? args.filter((word) => word !== '--create') : args;
    const next = await scene.run(variables(place, target), ['restore', 'latest', ...again]);
    assert.equal(next.exitCode, isNew ? 0 : 73, `${run.where}: ${next.stderr}`);
    if (isNew) assert.deepEqual(await heldBy(scene, target), expected, run.where);
    await scene.postgres.psql(`DROP DATABASE ${target}`);
  });
  tally.print(context);
}

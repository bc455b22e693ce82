import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleProgram, type Doctoring } from '../chaos/program.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { runEntrypoint } from '../support/entrypoint.ts';
import { assertNextSucceeds, lookAt } from './after-backup.ts';
import { lookInto } from './after-directory.ts';
import { heldBy, lookAtTarget } from './after-restore.ts';
import { type Channel, countCalls, runUntil, type WatchedRun } from './channel.ts';
import { type Place, reading, type Scene, useScene } from './place.ts';
import { storeCalls } from './store-calls.ts';
import { systemCalls } from './system-calls.ts';

/*
 * The sweeps can fail: the program is broken on purpose, in one way after another, and killed where that shows.
 */
const scene = useScene(1);
const place = (): Place => scene.places[0]!;

/** Lets this be done with a broken program. */
async function withBroken(doctorings: readonly Doctoring[], work: (broken: Scene) => Promise<void>): Promise<void> {
  using program = await bundleProgram(doctorings);
  const PATH = `${program.home}:${process.env['PATH'] ?? ''}`;
  const options = { home: program.home };
  const started: Scene['started'] = (variables) => ({ ...program.variables, PATH, ...variables });
  place().reset();
  await work(
    Object.create(scene, {
      options: { value: options },
      started: { value: started },
      run: {
        value: (variables: Record<string, string>, args: readonly string[] = []) =>
          runEntrypoint(started(variables), { ...options, args }),
      },
    }) as Scene,
  );
}

/** Kills everything as the first call of that name arrives. */
async function killAt(
  broken: Scene,
  channel: Channel,
  name: string,
  variables: Record<string, string>,
  args: readonly string[] = [],
): Promise<WatchedRun> {
  const asked = { ...broken.options, args };
  const started = broken.started(variables);
  const calls = await countCalls(channel, started, asked);
  const at = calls.findIndex((call) => call.startsWith(name)) + 1;
  assert.notEqual(at, 0, `${name} is not in ${calls.join(', ')}`);
  place().reset();
  const run = await runUntil(channel, { at, when: 'before', whom: 'all' }, started, asked);
  assert.ok(run.killed);
  return run;
}

test('a program that never ends the uploads of killed runs is found out', async () => {
  const find = 'const ended = await store.sweepUnfinished(';
  await withBroken([{ file: 'backup/run.ts', find, replace: 'const ended = 0; void (' }], async (broken) => {
    const run = await killAt(broken, storeCalls(place().server), 'CompleteMultipartUpload', place().backup());
    const found = lookAt(broken, place(), run.where);
    assert.equal(place().server.openUploads.length, 1);
    await assert.rejects(assertNextSucceeds(broken, place(), found, run.where), /an upload is left/);
  });
});

test('a program that removes the data before the manifest is found out', async () => {
  const doctoring = {
    file: 'retention/apply.ts',
    find: 'const [marker, rest, sums] =',
    replace: 'const [rest, marker, sums] =',
  };
  await withBroken([doctoring], async (broken) => {
    const run = await killAt(broken, storeCalls(place().server), 'DeleteObject manifest.json', place().backup());
    assert.throws(() => lookAt(broken, place(), run.where), /of an older backup was touched/);
  });
});

test('a program that writes files under their own names is found out', async () => {
  const doctorings = [
    { file: 'store/directory.ts', find: 'const aside = join(', replace: 'const aside = path; void (' },
    { file: 'store/publish.ts', find: 'try {', replace: 'if (aside === path) return;\n  try {' },
  ];
  await withBroken(doctorings, async (broken) => {
    const folder = temporaryFolder();
    const [kept, killed] = [join(folder, 'kept'), join(folder, 'killed')];
    for (const path of [kept, killed]) mkdirSync(path);
    const variables = { BACKUP_DESTINATION: `file://${killed}`, DATABASE_URL: scene.postgres.url('shop') };
    // A slower run looks at its programs once more, so that a number is not always the same call.
    let run: WatchedRun | undefined;
    for (let tries = 0; tries < 8 && !run?.where.includes('open manifest.json'); tries++) {
      rmSync(killed, { recursive: true });
      cpSync(kept, killed, { recursive: true });
      const calls = await countCalls(systemCalls, broken.started(variables), broken.options);
      const at = calls.indexOf('open manifest.json') + 1;
      assert.notEqual(at, 0, calls.join(', '));
      rmSync(killed, { recursive: true });
      cpSync(kept, killed, { recursive: true });
      const point = { at, when: 'after', whom: 'all' } as const;
      run = await runUntil(systemCalls, point, broken.started(variables), broken.options);
    }
    assert.ok(run?.killed);
    assert.throws(() => lookInto(killed, kept, run.where), /manifest\.json/);
  });
});

test('a program that does not restore in one transaction is found out', async () => {
  const find = "'--single-transaction'";
  await withBroken([{ file: 'postgres/load.ts', find, replace: "'--exit-on-error'" }], async (broken) => {
    const [whole, target] = [await scene.target(), await scene.target()];
    const to = (database: string): Record<string, string> => ({
      ...place().store,
      ...reading,
      TARGET_DATABASE_URL: place().past(database),
    });
    const options = { ...broken.options, args: ['restore', 'latest'] };
    const calls = await countCalls(place().proxy, broken.started(to(whole)), options);
    const at = calls.findIndex((call) => call.startsWith('ALTER TABLE ONLY public.notes')) + 1;
    assert.notEqual(at, 0, calls.join(', '));
    const expected = await heldBy(scene, whole);
    const run = await runUntil(place().proxy, { at, when: 'before', whom: 'all' }, broken.started(to(target)), options);
    assert.ok(run.killed);
    await assert.rejects(lookAtTarget(scene, target, expected, undefined, run.where), /neither empty nor whole/);
  });
});

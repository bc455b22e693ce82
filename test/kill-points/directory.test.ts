import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/fake-programs.ts';
import { filesIn, lookInto } from './after-directory.ts';
import { countCalls, runUntil } from './channel.ts';
import { inPlaces, useScene } from './place.ts';
import { type Point, pointsOf } from './point.ts';
import { systemCalls } from './system-calls.ts';
import { Tally } from './tally.ts';

const scene = useScene(1);
const root = temporaryFolder();
const kept = join(root, 'kept');
const variables = (folder: string): Record<string, string> => ({
  BACKUP_DESTINATION: `file://${folder}`,
  DATABASE_URL: scene.postgres.url('shop'),
  BACKUP_TIMEOUT: '1h',
  BACKUP_ATTEMPTS: '1',
});
/** Kills a backup into a directory, asserts what must hold there, and says what was left. */
async function killedAt(point: Point, folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  cpSync(kept, folder, { recursive: true });
  const run = await runUntil(systemCalls, point, scene.started(variables(folder)), scene.options);
  const outcome = lookInto(folder, kept, run.where);

  const past = new Date(Date.now() - 7_200_000);
  for (const file of filesIn(folder)) if (file.endsWith('.partial')) utimesSync(join(folder, file), past, past);
  const next = await scene.run(variables(folder));
  assert.equal(next.exitCode, 0, `${run.where}: ${next.stderr}`);
  const partial = filesIn(folder).filter((file) => file.endsWith('.partial'));
  assert.deepEqual(partial, [], `${run.where}: a partial file is left after the next run`);
  lookInto(folder, kept, run.where);
  return run.killed ? outcome : 'ended before it';
}

test('fault 39: a backup into a directory is killed at its changes to files and starts of programs', async (context) => {
  mkdirSync(kept);
  const made = await scene.run(variables(kept));
  assert.equal(made.exitCode, 0, made.stderr);
  const counted = join(root, 'counted');
  cpSync(kept, counted, { recursive: true });
  const calls = await countCalls(systemCalls, scene.started(variables(counted)), scene.options);
  const tally = new Tally('backup into a directory: changes to files and starts of programs', calls.length);
  await inPlaces(scene.places, pointsOf(calls.length, 14), async (_, point) => {
    tally.add(await killedAt(point, join(root, 'killed')));
  });
  tally.print(context);
});

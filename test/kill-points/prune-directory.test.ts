import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/fake-programs.ts';
import { twoDaysMs } from './after-backup.ts';
import { filesIn } from './after-directory.ts';
import { countCalls, runUntil } from './channel.ts';
import { inPlaces, useScene } from './place.ts';
import { pointsOf } from './point.ts';
import { systemCalls } from './system-calls.ts';
import { Tally } from './tally.ts';

const scene = useScene(1);
const root = temporaryFolder();
const kept = join(root, 'kept');
const variables = (folder: string): Record<string, string> => ({
  BACKUP_DESTINATION: `file://${folder}`,
  BACKUP_TIMEOUT: '1h',
  KEEP_LAST: '1',
  KEEP_MINIMUM: '1',
});
const args = ['prune', '--yes'];

/** Puts the three backups back, all of them so old that the last one alone may stay. */
function reset(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  cpSync(kept, folder, { recursive: true });
  age(folder, 7_200_000);
}

function age(folder: string, ms: number, wanted: (file: string) => boolean = () => true): void {
  const then = new Date(Date.now() - ms);
  for (const file of filesIn(folder).filter(wanted)) utimesSync(join(folder, file), then, then);
}

function assertIntact(folder: string, id: string, where: string): void {
  for (const file of filesIn(kept).filter((one) => one.includes(id))) {
    assert.ok(readFileSync(join(folder, file)).equals(readFileSync(join(kept, file))), `${where}: ${file} was touched`);
  }
}

test('fault 39: prune of a directory is killed at its changes to files: what stays is intact, what goes is none', async (context) => {
  mkdirSync(kept);
  for (let count = 0; count < 3; count += 1) {
    const backup = { BACKUP_DESTINATION: `file://${kept}`, DATABASE_URL: scene.postgres.url('shop') };
    const made = await scene.run(backup);
    assert.equal(made.exitCode, 0, made.stderr);
  }
  const ids = readdirSync(join(kept, 'shop')).sort();
  assert.equal(ids.length, 3);
  const newest = ids.at(-1)!;
  const counted = join(root, 'counted');
  reset(counted);
  const calls = await countCalls(systemCalls, scene.started(variables(counted)), { ...scene.options, args });
  const goal = filesIn(kept).filter((file) => file.includes(newest));
  assert.deepEqual(filesIn(counted), goal);

  const folder = join(root, 'killed');
  const tally = new Tally('prune of a directory: changes to files', calls.length);
  await inPlaces(scene.places, pointsOf(calls.length, 5), async (_, point) => {
    reset(folder);
    const options = { ...scene.options, args };
    const run = await runUntil(systemCalls, point, scene.started(variables(folder)), options);
    const marked = ids.filter((id) => existsSync(join(folder, 'shop', id, 'manifest.json')));
    assert.ok(marked.includes(newest), run.where);
    for (const id of marked) assertIntact(folder, id, run.where);
    tally.add(run.killed ? `${String(3 - marked.length)} of 2 are no backups any more` : 'ended before it');
    const listed = await scene.run(variables(folder), ['list', '--json']);
    const { backups } = JSON.parse(listed.stdout) as { backups: { id: string }[] };
    assert.deepEqual(backups.map(({ id }) => id).sort(), marked, run.where);
    // A folder that has lost its manifest alone could be that of a run that is about to write it, until it is too old.
    age(folder, twoDaysMs, (file) => !marked.some((id) => file.includes(id)));
    const next = await scene.run(variables(folder), args);
    assert.equal(next.exitCode, 0, `${run.where}: ${next.stderr}`);
    assert.deepEqual(filesIn(folder), goal, run.where);
  });
  tally.print(context);
});

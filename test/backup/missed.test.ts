import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gapBefore } from '../../src/backup/previous.ts';
import { keepBackup } from '../schedule/kept-backups.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { onlyLine, useScene } from './scene.ts';

const hourMs = 3_600_000;
const scene = useScene();
/** Ticks half an hour from now, so that none comes while a test runs. */
const minute = (new Date().getUTCMinutes() + 30) % 60;
const hourly = { BACKUP_SCHEDULE: `${String(minute)} * * * *`, BACKUP_TIMEOUT: '10m' };

/** Into a store whose newest backup began so many hours ago. */
async function runAfter(hours: number, changes: Record<string, string>) {
  const place = temporaryFolder();
  const before = keepBackup(place, { begun: new Date(Date.now() - hours * hourMs) });
  const run = await scene.start({ BACKUP_DESTINATION: `file://${place}`, ...changes }).ended;
  assert.equal(run.exitCode, 0, run.stderr);
  const { missedTicks, warnings } = onlyLine(run.stdout) as { missedTicks?: number; warnings: string[] };
  return { missedTicks, warnings, run, before };
}

test('a run tells how many ticks passed without a backup before it', async () => {
  const { missedTicks, warnings, run, before } = await runAfter(5, hourly);
  assert.equal(missedTicks, 4);
  const told = warnings.find((warning) => warning.includes('missed')) ?? '';
  assert.match(told, new RegExp(`^4 ticks missed since \\S+Z: the newest backup before this one is ${before.id}$`));
  assert.ok(run.stderr.includes(`WARN: ${told}`));
});

test('a damaged manifest of the backup before does not hide them', async () => {
  const place = temporaryFolder();
  const { id } = keepBackup(place, { begun: new Date(Date.now() - 3 * hourMs) });
  writeFileSync(`${place}/shop/${id}/manifest.json`, '{');
  const run = await scene.start({ BACKUP_DESTINATION: `file://${place}`, ...hourly }).ended;
  assert.equal(onlyLine(run.stdout)['missedTicks'], 2);
});

test('without a schedule nothing is said', async () => {
  const { missedTicks, warnings } = await runAfter(50, {});
  assert.deepEqual([missedTicks, warnings.join().includes('missed')], [undefined, false]);
});

test('the first backup of all has missed nothing', async () => {
  const run = await scene.start({ BACKUP_DESTINATION: `file://${temporaryFolder()}`, ...hourly }).ended;
  assert.equal(onlyLine(run.stdout)['missedTicks'], undefined);
  assert.equal(run.exitCode, 0, run.stderr);
});

const daily = { expression: '0 3 * * *', timezone: 'UTC' };
const previous = { id: '20261118T030004Z-aaaaaa', begun: new Date('2026-11-18T03:00:04Z'), manifest: undefined };

for (const [startedAt, ticks] of [
  ['2026-11-18T12:00:00Z', 0],
  ['2026-11-19T02:59:40Z', 0],
  ['2026-11-19T03:00:05Z', 0],
  ['2026-11-19T15:00:00Z', 0],
  ['2026-11-20T02:59:40Z', 1],
  ['2026-11-20T03:00:05Z', 1],
  ['2026-11-23T03:00:05Z', 4],
] as const) {
  test(`a run of ${startedAt} after one of 18 November has missed ${String(ticks)}`, () => {
    assert.equal(gapBefore(new Date(startedAt), previous, daily)?.ticks, ticks);
  });
}

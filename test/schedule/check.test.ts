import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listCatalog } from '../../src/catalog/entries.ts';
import { createLog } from '../../src/log.ts';
import { type Checked, checkDatabase, type CheckRequest } from '../../src/schedule/check.ts';
import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { keepBackup, keepProof } from './kept-backups.ts';

const minuteMs = 60_000;
const at = (text: string): Date => new Date(`${text}Z`);
const quiet = createLog({ format: 'json', level: 'error' }, { write: () => undefined }, (text) => text);
const signal = new AbortController().signal;
const daily = { expression: '0 3 * * *', timezone: 'UTC' };

/** Checks the store in a folder at a time. */
async function check(path: string, now: string, changes: Partial<CheckRequest> = {}): Promise<Checked> {
  const store = openStore({ kind: 'directory', path }, quiet);
  const { entries } = await listCatalog(store, 'shop', signal);
  const usual = { schedule: daily, maxAgeMs: undefined, graceMs: undefined, proved: false };
  return checkDatabase('shop', entries, { ...usual, store, now: at(now), signal, ...changes });
}

test('a backup is fresh until the next tick and its grace have passed', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: at('2026-11-19T03:00:04') });
  for (const [now, fresh] of [
    ['2026-11-19T03:30', true],
    ['2026-11-20T03:59', true],
    ['2026-11-20T04:02', false],
  ] as const) {
    assert.equal((await check(place, now)).fresh, fresh, now);
  }
});

test('one that begins a little before its tick, by another clock, belongs to it', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: at('2026-11-20T02:59:30') });
  assert.equal((await check(place, '2026-11-20T22:00')).fresh, true);
});

test('without a grace of their own, long backups get longer', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: at('2026-11-19T03:00:04'), tookMs: 180 * minuteMs });
  assert.equal((await check(place, '2026-11-20T06:59')).fresh, true);
  assert.equal((await check(place, '2026-11-20T07:01')).fresh, false);
  assert.equal((await check(place, '2026-11-20T03:11', { graceMs: 10 * minuteMs })).fresh, false);
});

test('every missed tick is counted, from the first on', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: at('2026-11-16T03:00:04') });
  const { fresh, reasons, newest } = await check(place, '2026-11-20T12:00');
  assert.deepEqual([fresh, reasons], [false, ['too old']]);
  assert.deepEqual(newest?.missed, { count: 4, since: at('2026-11-17T03:00') });
  assert.deepEqual(newest.nextDue, at('2026-11-21T03:00'));
});

test('the night in which clocks go forward misses nothing', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: at('2026-03-29T01:30:02') });
  const schedule = { expression: '30 2 * * *', timezone: 'Europe/Berlin' };
  assert.equal((await check(place, '2026-03-29T23:00', { schedule })).fresh, true);
  assert.equal((await check(place, '2026-03-30T02:00', { schedule })).fresh, false);
});

test('an age replaces the schedule', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: at('2026-11-20T03:00') });
  const maxAgeMs = 26 * 60 * minuteMs;
  assert.equal((await check(place, '2026-11-21T05:00', { maxAgeMs })).fresh, true);
  assert.equal((await check(place, '2026-11-21T05:01', { maxAgeMs })).fresh, false);
});

test('a backup from the future is told, and hides no missed tick', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: at('2026-11-16T03:00') });
  const { id } = keepBackup(place, { begun: at('2027-01-01T03:00') });
  const { fresh, notes, newest } = await check(place, '2026-11-20T12:00');
  assert.equal(fresh, false);
  assert.deepEqual(notes, [`${id} is from the future and was not counted: a clock is wrong`]);
  assert.deepEqual(newest?.startedAt, at('2026-11-16T03:00'));
});

test('no backup is not fresh, nor is what is not complete', async () => {
  const place = temporaryFolder();
  assert.deepEqual((await check(place, '2026-11-20T12:00')).reasons, ['no complete backup']);
  const { folder } = keepBackup(place, { begun: at('2026-11-20T03:00') });
  rmSync(join(folder, 'manifest.json'));
  assert.deepEqual((await check(place, '2026-11-20T12:00')).reasons, ['no complete backup']);
});

for (const [what, damage, reason] of [
  ['a damaged manifest', (folder: string) => writeFileSync(join(folder, 'manifest.json'), '{'), /is not valid JSON/],
  [
    'data of another size',
    (folder: string) => writeFileSync(join(folder, 'database.dump.zst'), ''),
    /^database\.dump\.zst is of another size than it was$/,
  ],
] as const) {
  test(`a newest backup with ${what} is not fresh, however good the one before is`, async () => {
    const place = temporaryFolder();
    keepBackup(place, { begun: at('2026-11-20T03:00') });
    const newest = keepBackup(place, { begun: at('2026-11-20T09:00') });
    damage(newest.folder);
    const checked = await check(place, '2026-11-20T12:00');
    assert.equal(checked.fresh, false);
    assert.match(checked.reasons.join(), reason);
    assert.equal(checked.newest?.id, newest.id);
  });
}

test('--proved asks for a proof as fresh as the backup', async () => {
  const place = temporaryFolder();
  const old = keepBackup(place, { begun: at('2026-11-13T03:00') });
  const backup = keepBackup(place, { begun: at('2026-11-20T03:00') });
  const proved = { proved: true };
  assert.deepEqual((await check(place, '2026-11-20T12:00', proved)).reasons, ['never proved by a drill']);
  keepProof(old, at('2026-11-13T04:00'));
  const stale = await check(place, '2026-11-20T12:00', proved);
  assert.deepEqual(stale.reasons, ['the newest proof is too old']);
  assert.equal(stale.proof?.missed?.count, 7);
  keepProof(backup, at('2026-11-20T04:00'));
  const fresh = await check(place, '2026-11-20T12:00', proved);
  assert.deepEqual([fresh.fresh, fresh.proof?.id], [true, backup.id]);
});

for (const outcome of ['failed', 'could not run'] as const) {
  test(`a drill that ${outcome} proves nothing`, async () => {
    const place = temporaryFolder();
    const old = keepBackup(place, { begun: at('2026-11-19T03:00') });
    keepProof(old, at('2026-11-19T04:00'));
    const backup = keepBackup(place, { begun: at('2026-11-20T03:00') });
    keepProof(backup, at('2026-11-20T04:00'), outcome);
    const { fresh, proof, notes } = await check(place, '2026-11-20T12:00', { proved: true });
    assert.deepEqual([fresh, proof?.id], [false, old.id]);
    assert.deepEqual(notes, outcome === 'failed' ? [`the drill of ${backup.id} failed after that`] : []);
  });
}

test('the newest proof counts, also where it is of an older backup', async () => {
  const place = temporaryFolder();
  const old = keepBackup(place, { begun: at('2026-11-19T03:00') });
  const backup = keepBackup(place, { begun: at('2026-11-20T03:00') });
  keepProof(backup, at('2026-11-20T04:00'));
  keepProof(old, at('2026-11-20T05:00'));
  assert.equal((await check(place, '2026-11-20T12:00', { proved: true })).proof?.id, old.id);
});

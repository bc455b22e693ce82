import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DayState } from '../../src/report/days.ts';
import type { History } from '../../src/report/history.ts';
import { type DatabaseModel, modelOf } from '../../src/report/model.ts';
import { sampleFleet, sampleHistory, sampleIll, sampleNow, samplePolicy, sampleRequest } from './sample-histories.ts';

const dayMs = 86_400_000;

function only(history: History, changes: Parameters<typeof sampleRequest>[1] = {}): DatabaseModel {
  return modelOf(sampleRequest([history], changes)).databases[0]!;
}

function days({ months }: DatabaseModel): Partial<Record<DayState, number>> {
  const states: Partial<Record<DayState, number>> = {};
  for (const { state } of months.flatMap((month) => month.days)) states[state] = (states[state] ?? 0) + 1;
  return states;
}

test('one sentence says whether everything is fine', () => {
  const sentence = (histories: History[], changes = {}) => modelOf(sampleRequest(histories, changes)).sentence;
  assert.equal(sentence([]), 'There is no backup yet.');
  assert.equal(
    sentence([sampleHistory(30)]),
    'Everything is fine: shop was backed up 3\u00A0hours ago, nothing missed.',
  );
  assert.equal(
    sentence([sampleIll()]),
    'ledger is late: the newest backup is 3\u00A0days old, and 3 backups since then did not come.',
  );
  assert.equal(
    sentence([sampleHistory(2)], { schedule: undefined }),
    'shop was backed up 3\u00A0hours ago; nothing says when the next backup is due.',
  );
  assert.equal(sentence([sampleHistory(0)]), 'shop has no backup that could be restored.');
  assert.equal(sentence(sampleFleet()), '1 of 4 databases needs attention: ledger.');
  assert.equal(
    sentence([sampleHistory(9), sampleHistory(9, { database: 'crm' })]),
    'Everything is fine: all 2 databases have a fresh backup.',
  );
});

test('without a schedule the usual interval tells what is late', () => {
  const late = { schedule: undefined, now: new Date(sampleNow.getTime() + 3 * dayMs) };
  assert.equal(only(sampleHistory(30), { schedule: undefined }).verdict.tone, 'good');
  assert.equal(only(sampleHistory(30), late).verdict.tone, 'bad');
});

test('a backup that did not come within the last month is worth a look, an older one is only seen in the calendar', () => {
  const lately = only(sampleHistory(60, { missing: [12] }));
  assert.deepEqual([lately.verdict.tone, lately.missed], ['look', { lately: 1, ever: 1 }]);
  assert.match(lately.verdict.problems[0] ?? '', /In the last 30 days 1 backup that was due did not come/);
  const before = only(sampleHistory(60, { missing: [40] }));
  assert.deepEqual([before.verdict.tone, before.missed], ['good', { lately: 0, ever: 1 }]);
  assert.equal(days(before).missed, 1);
});

test('what retention has removed is no gap', () => {
  const kept = [...Array(400).keys()].filter((age) => age >= 30 && age % 30 !== 0);
  const thinned = sampleHistory(400, { missing: kept });
  assert.ok((only(thinned).missed?.ever ?? 0) > 300, 'without rules every missing day is a gap');
  const model = only(thinned, { policy: { ...samplePolicy, withinMs: undefined, minimum: 1 } });
  assert.deepEqual([model.verdict.tone, model.missed], ['good', { lately: 0, ever: 0 }]);
  assert.equal(days(model).missed, undefined);
  assert.ok((days(model).removed ?? 0) > 300);
  const gap = only(sampleHistory(400, { missing: [...kept, 5] }), { policy: { ...samplePolicy, minimum: 10 } });
  assert.equal(days(gap).missed, 1, 'a day without any within those that are kept is one');
});

test('the calendar follows the time zone, across a change of clocks', () => {
  const history = sampleHistory(60, { drilledEvery: 0 });
  const schedule = { expression: '0 3 * * *', timezone: 'UTC' };
  const auckland = only(history, { schedule, timeZone: 'Pacific/Auckland' });
  const total = (model: DatabaseModel): number =>
    model.months.flatMap((month) => month.days).reduce((sum, { backups }) => sum + backups, 0);
  assert.equal(total(auckland), 60);
  assert.equal(total(only(history, { timeZone: 'America/Los_Angeles' })), 60);
  assert.equal(auckland.months.at(-1)?.days.findLast(({ backups }) => backups > 0)?.number, 21);
  const west = only(history, { timeZone: 'America/Los_Angeles' }).months.at(-1);
  assert.equal(west?.days.findLast(({ backups }) => backups > 0)?.number, 20, 'it was still the day before there');
});

test('several backups a day: a day that lacks some is told from one that has all', () => {
  const hourly = { expression: '0 * * * *', timezone: 'UTC' };
  const history = sampleHistory(100, { everyMs: 3_600_000, missing: [30, 31], drilledEvery: 0 });
  const model = only(history, { schedule: hourly, now: new Date('2026-11-21T03:30:00Z') });
  assert.equal(model.missed?.ever, 2);
  assert.equal(days(model).partly, 1);
});

test('damage, a failed drill and a failed run are told; a time in the future counts for nothing', () => {
  const good = sampleHistory(30, { drilledEvery: 0 });
  const newest = good.runs.at(-1)!;
  const failed = {
    id: newest.id,
    outcome: 'failed',
    reason: '1 of 9 comparisons differs',
    restoreMs: 1,
    compared: 9,
  } as const;
  const drilled = { ...newest, drills: [{ ...failed, finishedAt: sampleNow }] };
  const tell = (history: History) => only(history).verdict;
  assert.match(tell({ ...good, runs: [...good.runs.slice(0, -1), drilled] }).problems[0]!, /drill failed .*1 of 9/);
  assert.match(tell(sampleHistory(30, { damaged: [0] })).problems.join(), /newest folder, .*, is damaged/);
  assert.match(tell(sampleHistory(30, { damaged: [9] })).problems.join(), /1 older backup cannot be restored/);
  const lastFailure = { at: sampleNow, exitCode: 69, message: 'no connection' };
  assert.match(tell({ ...good, lastFailure }).problems[0]!, /last run failed .*no connection/);
  const older = { ...lastFailure, at: new Date(newest.startedAt.getTime() - 1) };
  assert.equal(tell({ ...good, lastFailure: older }).tone, 'good', 'a failure before the newest backup is over');
  const ahead = { ...newest, id: 'ahead', startedAt: new Date(sampleNow.getTime() + dayMs) };
  const late = sampleHistory(30, { missing: [0, 1, 2] });
  assert.match(tell({ ...late, runs: [...late.runs, ahead] }).sentence, /is late/);
});

test('a dump that shrank to less than half is worth a look', () => {
  const good = sampleHistory(30);
  const newest = good.runs.at(-1)!;
  const shrunk = { ...newest, facts: { ...newest.facts!, bytes: 1000 } };
  const { tone, problems } = only({ ...good, runs: [...good.runs.slice(0, -1), shrunk] }).verdict;
  assert.equal(tone, 'look');
  assert.match(problems[0]!, /much smaller/);
});

test('what goes next: with the next prune, or once more backups are there', () => {
  const policy = { ...samplePolicy, withinMs: undefined, daily: undefined, weekly: undefined, monthly: undefined };
  const full = only(sampleHistory(30), { policy: { ...policy, last: 28 } }).removals!;
  assert.deepEqual(
    full.now.map(({ startedAt }) => startedAt.toISOString().slice(0, 10)),
    ['2026-10-23', '2026-10-24'],
  );
  const room = only(sampleHistory(30), { policy: { ...policy, last: 32 } }).removals!;
  assert.deepEqual(room.now, []);
  assert.equal(room.next?.after.toISOString(), '2026-11-24T03:00:00.000Z');
  assert.deepEqual(
    room.next.going.map(({ startedAt }) => startedAt.toISOString().slice(0, 10)),
    ['2026-10-23'],
  );
  const most = only(sampleHistory(30), { policy: { ...policy, last: 3 } });
  assert.match(most.verdict.problems.join(), /27 of 30 backups would go/);
});

test('tables: the largest, and a small one that grows fast', () => {
  const names = Array.from({ length: 12 }, (_, index) => `table_${String(index)}`);
  const history = sampleHistory(40, { tables: names });
  const runs = history.runs.map((run, index) => ({
    ...run,
    facts: {
      ...run.facts!,
      tables: run.facts!.tables!.map((table, rank) =>
        rank === 11 ? { ...table, rows: index * 2000 } : { ...table, rows: 1_000_000 - rank },
      ),
    },
  }));
  const growth = only({ ...history, runs }).growth!;
  assert.equal(growth.tables.length, 9);
  assert.deepEqual(growth.tables.at(-1)?.name, 'table_11');
  assert.equal(growth.tables.at(-1)?.added, 60_000, 'in 30 days');
  assert.equal(growth.others, 42 - 9);
});

test('2,000 hourly backups: every hour is one of the calendar', () => {
  const schedule = { expression: '0 * * * *', timezone: 'Europe/Berlin' };
  const history = sampleHistory(2000, { everyMs: 3_600_000, missing: [100, 1500] });
  const now = new Date('2026-11-21T03:30:00Z');
  const model = only(history, { schedule, now, timeZone: 'Europe/Berlin' });
  assert.deepEqual([model.good.length, model.missed], [1998, { lately: 1, ever: 2 }]);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { planRetention, type RetentionPlan, tooMuch } from '../../src/retention/plan.ts';
import type { Candidate } from '../../src/retention/rules.ts';
import { candidate, daysAfter, policyOf } from './candidates.ts';

const now = new Date('2026-11-20T12:00:00Z');
const today = '2026-11-20T03:00:00Z';
/** One backup a night, the newest first. */
const nightly = (count: number): Candidate[] =>
  Array.from({ length: count }, (_, nights) => candidate(daysAfter(today, -nights)));
const days = (plan: RetentionPlan<Candidate>): string[] =>
  plan.keep.map(({ backup }) => backup.startedAt.toISOString().slice(0, 10));
const dayMs = 86_400_000;

describe('rules', () => {
  test('KEEP_LAST keeps the newest so many', () => {
    const plan = planRetention({ backups: nightly(9), policy: policyOf({ last: 4 }), now });
    assert.deepEqual(days(plan), ['2026-11-20', '2026-11-19', '2026-11-18', '2026-11-17']);
    assert.deepEqual(plan.keep[1]?.reasons, [{ rule: 'last' }]);
    assert.equal(plan.remove[0]?.startedAt.toISOString().slice(0, 10), '2026-11-12', 'the oldest goes first');
  });

  test('KEEP_WITHIN counts back from the newest backup, so that nothing runs out while none is made', () => {
    const policy = policyOf({ withinMs: 2 * dayMs });
    const later = new Date(now.getTime() + 300 * dayMs);
    for (const time of [now, later]) {
      assert.deepEqual(days(planRetention({ backups: nightly(5), policy, now: time })), [
        '2026-11-20',
        '2026-11-19',
        '2026-11-18',
      ]);
    }
  });

  test('fault 49: KEEP_WITHIN keeps what the store got within that time, although its name is older', () => {
    const wrong = candidate('2024-01-01T00:00:00Z', { storedAt: daysAfter(today, -1) });
    const plan = planRetention({ backups: [...nightly(3), wrong], policy: policyOf({ withinMs: 7 * dayMs }), now });
    assert.deepEqual(plan.remove, []);
  });

  test('fault 49: a run whose clock is 20 hours behind does not remove what it has just made', () => {
    const made = candidate(daysAfter(today, -20 / 24));
    const others = [candidate(today), candidate(daysAfter(today, -0.1))];
    const request = { backups: [made, ...others], policy: policyOf({ last: 1 }), now };
    assert.ok(planRetention(request).remove.includes(made));
    const plan = planRetention({ ...request, madeNow: made.id });
    assert.deepEqual(plan.keep.find(({ backup }) => backup === made)?.reasons, [{ rule: 'made now' }]);
  });

  test('the newest of a day stays, by the calendar of the time zone', () => {
    // 23:30 and 00:30 in Berlin are one UTC day in summer.
    const late = candidate('2026-06-10T21:30:00Z');
    const early = candidate('2026-06-10T22:30:00Z');
    const noon = candidate('2026-06-10T10:00:00Z');
    const backups = [late, early, noon];
    const stay = (timeZone: string): Candidate[] =>
      planRetention({ backups, policy: policyOf({ daily: 2, timeZone }), now }).keep.map(({ backup }) => backup);
    assert.deepEqual(stay('Europe/Berlin'), [early, late]);
    assert.deepEqual(stay('UTC'), [early, noon], 'one day: the newest, and the oldest since there is room');
  });

  test('a day has 23 or 25 hours when the clocks change', () => {
    const times = ['2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z'];
    const [first, last, next] = times.map((time) => candidate(time));
    const policy = policyOf({ daily: 2, timeZone: 'Europe/Berlin' });
    const plan = planRetention({ backups: [first!, last!, next!], policy, now });
    assert.deepEqual(
      plan.keep.map(({ backup, reasons }) => [backup, reasons.find(({ rule }) => rule === 'daily')?.period]),
      [
        [next, '2026-10-26'],
        [last, '2026-10-25'],
      ],
    );
  });

  test('weeks are those of ISO 8601, across the turn of the year', () => {
    const [sunday, friday, monday] = ['2027-01-03', '2027-01-01', '2026-12-28'].map((day) =>
      candidate(`${day}T03:00:00Z`),
    );
    const plan = planRetention({
      backups: [sunday!, friday!, monday!, candidate('2027-01-04T03:00:00Z')],
      policy: policyOf({ weekly: 2 }),
      now: new Date('2027-01-04T12:00:00Z'),
    });
    assert.deepEqual(
      plan.keep.map(({ reasons }) => reasons[0]?.period),
      ['2027-W01', '2026-W53'],
    );
    assert.deepEqual(plan.remove, [monday, friday]);
  });

  test('the oldest stays while a rule has room for more periods', () => {
    const plan = planRetention({ backups: nightly(10), policy: policyOf({ yearly: 3 }), now });
    assert.deepEqual(days(plan), ['2026-11-20', '2026-11-11']);
    assert.deepEqual(plan.keep[1]?.reasons, [{ rule: 'yearly', oldest: true }]);
  });

  test('a proved backup is preferred to a newer one of its month that is not proved', () => {
    const backups = nightly(40);
    const proved = { ...backups[10]!, proved: true };
    backups[10] = proved;
    const plan = planRetention({ backups, policy: policyOf({ monthly: 2 }), now });
    assert.deepEqual(days(plan), ['2026-11-20', '2026-11-10', '2026-10-31']);
    assert.deepEqual(plan.keep[1]?.reasons, [{ rule: 'monthly', period: '2026-11' }, { rule: 'proved' }]);
  });
});

describe('limits', () => {
  test('the newest KEEP_MINIMUM stay, whatever the rules say', () => {
    const backups = nightly(9).map((backup) => backup);
    const plan = planRetention({ backups, policy: policyOf({ last: 1, minimum: 3 }), now });
    assert.deepEqual(days(plan), ['2026-11-20', '2026-11-19', '2026-11-18']);
    assert.deepEqual(plan.keep[2]?.reasons, [{ rule: 'minimum' }]);
  });

  test('a plan that would remove more than half asks first', () => {
    const half = planRetention({ backups: nightly(8), policy: policyOf({ last: 4 }), now });
    assert.equal(tooMuch(half, 'shop'), undefined);
    const more = planRetention({ backups: nightly(8), policy: policyOf({ last: 3 }), now });
    assert.equal(tooMuch(more, 'shop')?.message, '5 of 8 backups of shop would go, which is more than half');
  });

  test('fault 53: junk with future names pushes nothing out, and is told', () => {
    const junk = Array.from({ length: 50 }, (_, index) => candidate(daysAfter(today, 10 + index), { storedAt: now }));
    const policy = policyOf({ last: 3, withinMs: 5 * dayMs, daily: 4, minimum: 3 });
    const plan = planRetention({ backups: [...nightly(7), ...junk], policy, now });
    assert.deepEqual(days(plan).slice(50), [
      '2026-11-20',
      '2026-11-19',
      '2026-11-18',
      '2026-11-17',
      '2026-11-16',
      '2026-11-15',
    ]);
    assert.equal(plan.remove.length, 1);
    assert.match(plan.warnings[0] ?? '', /^20270118T\S+ and 49 more are named after a time at which the store did not/);
  });

  test('fault 53: junk of this very hour does not shorten KEEP_WITHIN', () => {
    const junk = Array.from({ length: 50 }, (_, index) => candidate(new Date(now.getTime() - index * 1000)));
    const plan = planRetention({ backups: [...nightly(7), ...junk], policy: policyOf({ withinMs: 7 * dayMs }), now });
    assert.deepEqual(plan.remove, []);
  });

  test('fault 49: with a clock that is behind nothing goes, and what to do is told', () => {
    const early = new Date(now.getTime() - 3 * dayMs);
    const plan = planRetention({ backups: nightly(9), policy: policyOf({ last: 5 }), now: early });
    assert.equal(plan.refused?.exitCode, 78);
    assert.match(plan.refused.message, /^the clock of this machine says 2026-11-17T12.*, but 20261120T030000Z-/);
    assert.deepEqual([plan.keep.length, plan.remove.length], [9, 0]);
  });

  test('fault 49: the clock of the store tells that ours is behind, also where all names come from ours', () => {
    const early = new Date('2020-01-03T12:00:00Z');
    const backups = [1, 2, 3].map((day) => candidate(`2020-01-0${day}T03:00:00Z`, { storedAt: now }));
    const plan = planRetention({ backups, policy: policyOf({ last: 2 }), now: early });
    assert.match(plan.refused?.message ?? '', /says 2020-01-03.* is of 2026-11-20/);
  });

  test('fault 49: a clock that is years ahead makes nothing older', () => {
    const policy = policyOf({ withinMs: 35 * dayMs, daily: 7 });
    const ahead = new Date('2029-01-01T00:00:00Z');
    const made = candidate(ahead, { storedAt: now });
    const plan = planRetention({ backups: [...nightly(30), made], policy, now: ahead, madeNow: made.id });
    assert.deepEqual(plan.remove, []);
  });

  test('a folder that has lost its manifest in another way stays while the rules want its time', () => {
    const [wanted, unwanted] = [candidate(daysAfter(today, -2.5)), candidate(daysAfter(today, -50))];
    const policy = policyOf({ withinMs: 5 * dayMs });
    const plan = planRetention({ backups: nightly(4), leftovers: [wanted, unwanted], policy, now });
    assert.deepEqual(plan.finish, [unwanted]);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RetentionPolicy } from '../../src/config/config.ts';
import { planRetention } from '../../src/retention/plan.ts';
import type { Candidate } from '../../src/retention/rules.ts';
import { candidate, daysAfter, policyOf } from './candidates.ts';
import { naivelyKept } from './naive.ts';

const days = 400;
/** Runs that did not happen: single days, a week's holiday in March, all of the last days of August. */
const isMissing = (day: number): boolean => day % 13 === 5 || (day >= 80 && day < 87) || (day >= 240 && day < 244);

/** 400 nights from 1 January on; the start wanders, and in winter it is another UTC hour than in summer. */
function* nights(): Generator<{ day: number; start: Date }> {
  for (let day = 0; day < days; day += 1) {
    if (isMissing(day)) continue;
    // Around midnight in Berlin, so that the day hangs on daylight saving.
    yield { day, start: daysAfter('2025-01-01T22:10:00Z', day + ((day * 37) % 90) / 1440) };
  }
}

const policies: Readonly<Record<string, RetentionPolicy>> = {
  'the last 7': policyOf({ last: 7, minimum: 3 }),
  '35 days': policyOf({ withinMs: 35 * 86_400_000, minimum: 3 }),
  'days, weeks and months': policyOf({ daily: 7, weekly: 5, monthly: 12, minimum: 3, timeZone: 'Europe/Berlin' }),
  'the same far west': policyOf({ daily: 7, weekly: 5, monthly: 12, minimum: 3, timeZone: 'America/Los_Angeles' }),
  'the same far east': policyOf({ daily: 7, weekly: 5, monthly: 12, minimum: 3, timeZone: 'Pacific/Auckland' }),
  'years alone': policyOf({ yearly: 3, timeZone: 'Europe/Berlin' }),
  'weeks beyond the rooms of months': policyOf({ weekly: 60, monthly: 2, minimum: 2, timeZone: 'Europe/Berlin' }),
  everything: policyOf({
    last: 3,
    withinMs: 10 * 86_400_000,
    daily: 14,
    weekly: 8,
    monthly: 6,
    yearly: 2,
    minimum: 5,
    timeZone: 'Europe/Berlin',
  }),
};

describe('a year of daily runs, pruned after each', () => {
  for (const [name, policy] of Object.entries(policies)) {
    for (const drilled of [false, true]) {
      test(`${name}${drilled ? ', with a drill now and then' : ''}: what survives is what the whole history asks for`, () => {
        let stored: Candidate[] = [];
        const history: Candidate[] = [];
        for (const { day, start } of nights()) {
          const made = candidate(start, { proved: drilled && day % 10 === 3 });
          history.push(made);
          stored.push(made);
          const now = new Date(start.getTime() + 600_000);
          const plan = planRetention({ backups: stored, policy, now, madeNow: made.id });
          assert.equal(plan.refused, undefined);
          assert.equal(plan.excessive, undefined, `${made.id}: a daily run never removes more than half`);
          stored = plan.keep.map(({ backup }) => backup);
          const expected = naivelyKept(history, policy);
          assert.deepEqual(stored.map(({ id }) => id).sort(), expected, `after ${made.id}`);
        }
        assert.ok(stored.length < history.length);
      });
    }
  }
});

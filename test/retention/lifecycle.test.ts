import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { RetentionPolicy } from '../../src/config/config.ts';
import { agesOf, type LifecycleRequest, lifecycleRules } from '../../src/retention/lifecycle.ts';
import { areSameRules, describeRule, mergeRules, quickerRules } from '../../src/retention/lifecycle-merge.ts';
import { periodOf } from '../../src/retention/periods.ts';
import { wishesOf } from '../../src/retention/rules.ts';
import { type Tier, tiers } from '../../src/retention/tier.ts';
import { longestInterval } from '../../src/schedule/longest-interval.ts';
import { ticksBetween } from '../../src/schedule/ticks.ts';
import { candidate, policyOf } from './candidates.ts';

const dayMs = 86_400_000;
const prefix = 'production/shop/';

const rulesOf = (policy: Partial<RetentionPolicy>, changes: Partial<LifecycleRequest> = {}) =>
  lifecycleRules({
    policy: policyOf(policy),
    intervalMs: dayMs,
    prefix,
    byTag: true,
    noncurrentDays: 14,
    unfinishedDays: 3,
    ...changes,
  });
const daysOf = (policy: Partial<RetentionPolicy>, intervalMs = dayMs): number[] =>
  agesOf(policyOf(policy), intervalMs).map(({ days }) => days);

describe('how long a backup of each tier stays', () => {
  for (const [title, policy, days, intervalMs = dayMs] of [
    ['a day more than the days', { daily: 7, minimum: 3 }, [8, 8, 8, 8]],
    ['weeks, months and years in days', { daily: 7, weekly: 4, monthly: 12, yearly: 5 }, [8, 29, 373, 1831]],
    ['no tier shorter than a lower one', { withinMs: 90 * dayMs, weekly: 4, monthly: 6 }, [91, 91, 187, 187]],
    ['KEEP_MINIMUM counts as so many pauses', { daily: 1, minimum: 10 }, [11, 11, 11, 11]],
    ['days that have a backup may be weeks apart', { daily: 7 }, [56, 56, 56, 56], 7 * dayMs],
    ['24 hourly ones are a day', { last: 24 }, [2, 2, 2, 2], dayMs / 24],
  ] as const) {
    test(title, () => assert.deepEqual(daysOf(policy, intervalMs), days));
  }

  test('and why', () => {
    const because = agesOf(policyOf({ withinMs: 3 * dayMs, weekly: 4, minimum: 9 }), dayMs).map((age) => age.because);
    assert.deepEqual(because, ['KEEP_MINIMUM=9', 'KEEP_WEEKLY=4', 'KEEP_WEEKLY=4', 'KEEP_WEEKLY=4']);
  });

  test('is never so short that something is gone which retention would still have', () => {
    const count = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined });
    const anyRules = fc.record({
      last: count(20),
      withinMs: fc.option(
        fc.integer({ min: 1, max: 60 }).map((days) => days * dayMs),
        { nil: undefined },
      ),
      daily: count(30),
      weekly: count(12),
      monthly: count(8),
      yearly: count(3),
      minimum: fc.integer({ min: 1, max: 9 }),
    });
    const runs = ['0 2 * * *', '30 23 * * *', '0 4 * * 0', '0 3 * * 1-5', '0 1 1,15 * *'].map((expression) => {
      const schedule = { expression, timezone: 'Europe/Berlin' };
      const ticks = ticksBetween(schedule, new Date('2025-06-01T00:00:00Z'), new Date('2027-03-20T00:00:00Z'), 2000);
      const seen = new Set<string>();
      const backups = ticks.map((startedAt) => {
        const isNew = (tier: Tier): boolean => {
          const period = periodOf(startedAt, tier, schedule.timezone);
          return !seen.has(period) && Boolean(seen.add(period));
        };
        const fitting = tiers.filter((tier) => isNew(tier));
        return { ...candidate(startedAt), tier: fitting[0] ?? 'daily' };
      });
      return { backups, intervalMs: longestInterval(schedule, new Date('2026-01-01T00:00:00Z')) };
    });
    fc.assert(
      fc.property(anyRules, fc.constantFrom(...runs), fc.double({ min: 0, max: 0.999 }), (rules, run, where) => {
        const policy = policyOf({ ...rules, timeZone: 'Europe/Berlin' });
        const made = 1 + Math.floor(where * (run.backups.length - 1));
        const newestFirst = run.backups.slice(0, made).toReversed();
        // Just before the next backup, when all are as old as they get.
        const now = +(run.backups[made]?.startedAt ?? 0) - 1;
        const days = new Map(agesOf(policy, run.intervalMs).map((age) => [age.tier, age.days]));
        const stay = newestFirst.filter(({ startedAt, tier }) => now - +startedAt <= (days.get(tier) ?? 0) * dayMs);
        for (const { backup, reason } of wishesOf(newestFirst, policy, new Date(now))) {
          const { rule, period } = reason;
          const isThere =
            period === undefined
              ? reason.oldest === true || stay.includes(backup)
              : stay.some(({ startedAt }) => periodOf(startedAt, rule as 'daily', policy.timeZone) === period);
          assert.ok(isThere, `${backup.id} ${JSON.stringify(reason)}`);
        }
        for (const backup of newestFirst.slice(0, policy.minimum)) assert.ok(stay.includes(backup), 'minimum');
      }),
      { numRuns: process.env['SLOW'] ? 5000 : 400 },
    );
  });
});

describe('the rules', () => {
  test('one a tier by tag, and one that tidies up', () => {
    const rules = rulesOf({ daily: 7, weekly: 4, monthly: 12 });
    assert.deepEqual(rules.map(describeRule), [
      'production/shop/ pg-offsite-tier=daily: objects go after 8 days',
      'production/shop/ pg-offsite-tier=weekly: objects go after 29 days',
      'production/shop/ pg-offsite-tier=monthly: objects go after 373 days',
      'production/shop/ pg-offsite-tier=yearly: objects go after 373 days',
      'production/shop/: old versions after 14 days, delete markers of nothing at once, unfinished uploads after 3 days',
    ]);
    const ids = rules.map(({ ID }) => ID ?? '');
    assert.equal(new Set(ids).size, 5);
    for (const id of ids) assert.match(id, /^pg-offsite-[a-z]+-production-shop-[0-9a-f]{8}$/);
  });

  test('a single one with the longest age where there are no tags', () => {
    const [all, tidy, ...others] = rulesOf({ daily: 7, monthly: 12 }, { byTag: false });
    assert.deepEqual([all?.Filter, all?.Expiration, others], [{ Prefix: prefix }, { Days: 373 }, []]);
    assert.deepEqual(tidy?.Filter, { Prefix: prefix });
  });

  test('say nothing about versions where they are not to', () => {
    const tidy = rulesOf({ daily: 7 }, { noncurrentDays: 0 }).at(-1);
    assert.deepEqual([tidy?.NoncurrentVersionExpiration, tidy?.Expiration], [undefined, undefined]);
    assert.deepEqual(tidy?.AbortIncompleteMultipartUpload, { DaysAfterInitiation: 3 });
  });

  test('of two databases never have the same name', () => {
    const ids = ['shop/', 'Shop/', 'sh%C3%B6p/', 'sh%C3%A4p/', 'a/shop/', 'a-shop/', `${'x'.repeat(200)}/`].flatMap(
      (place) => rulesOf({ daily: 7 }, { prefix: place }).map(({ ID }) => ID ?? ''),
    );
    assert.equal(new Set(ids).size, 7 * 5);
    for (const id of ids) assert.ok(id.length <= 255 && /^[\w.-]+$/.test(id), id);
  });
});

describe('joined with the rules of a bucket', () => {
  const ours = rulesOf({ daily: 7, weekly: 4 });
  const logs = { ID: 'logs', Status: 'Enabled' as const, Prefix: 'logs/', Expiration: { Days: 3 } };
  const ofAnother = rulesOf({ daily: 7 }, { prefix: 'production/crm/' });

  test('those of others and of other databases stay as they are', () => {
    const merge = mergeRules([logs, ...ofAnother], ours, prefix);
    assert.deepEqual(merge.rules, [logs, ...ofAnother, ...ours]);
    assert.deepEqual([merge.added, merge.others], [ours, [logs, ...ofAnother]]);
  });

  test('what is there already is no change, in whichever order and however it is written', () => {
    const asCephSays = ours.map(({ Filter, ...rule }) => ({
      Filter: { Prefix: Filter?.And?.Prefix ?? Filter?.Prefix, Tag: Filter?.And?.Tags?.[0] },
      ...rule,
    }));
    const merge = mergeRules([...asCephSays.toReversed(), logs], ours, prefix);
    assert.deepEqual([merge.added, merge.changed, merge.removed], [[], [], []]);
    assert.deepEqual(merge.unchanged, ours);
    assert.ok(areSameRules([logs, ...asCephSays.toReversed()], merge.rules));
  });

  test('ours of before are replaced', () => {
    const merge = mergeRules([logs, ...rulesOf({ daily: 7, weekly: 9 })], ours, prefix);
    assert.deepEqual(
      merge.changed.map(({ from, to }) => [from.Expiration?.Days, to.Expiration?.Days]),
      [9, 9, 9].map((weeks) => [weeks * 7 + 1, 29]),
    );
    const single = mergeRules(ours, rulesOf({ daily: 7 }, { byTag: false }), prefix);
    assert.deepEqual([single.removed, single.added.length, single.unchanged.length], [ours.slice(0, 4), 1, 1]);
  });

  test('lists that differ in one number are not the same', () => {
    assert.ok(!areSameRules(ours, rulesOf({ daily: 7, weekly: 5 })));
    assert.ok(!areSameRules(ours, ours.slice(1)));
    assert.ok(!areSameRules(ours, rulesOf({ daily: 7, weekly: 4 }, { prefix: 'production/crm/' })));
  });

  test('rules of others that are quicker are found', () => {
    const all = { ID: 'all', Status: 'Enabled' as const, Filter: { Prefix: '' }, Expiration: { Days: 5 } };
    const off = { ...all, ID: 'off', Status: 'Disabled' as const };
    const slow = { ...all, ID: 'slow', Expiration: { Days: 9 } };
    const dated = { ...all, ID: 'dated', Expiration: { Date: new Date('2030-01-01') } };
    const tagged = { ...all, ID: 'tagged', Filter: { Tag: { Key: 'a', Value: 'b' } } };
    const found = quickerRules([all, off, slow, dated, tagged, logs, ...ofAnother], prefix, 8);
    assert.deepEqual(found, [all, dated]);
  });
});

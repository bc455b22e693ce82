import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { newBackupId } from '../../src/catalog/ids.ts';
import { planRetention, type RetentionPlan } from '../../src/retention/plan.ts';
import type { Candidate } from '../../src/retention/rules.ts';
import { anyCatalog, anyPolicy, candidate, daysAfter, end } from './candidates.ts';
import { naivelyKept } from './naive.ts';

const now = daysAfter(end, 1 / 24);
const runs = { numRuns: process.env['SLOW'] ? 20_000 : 2000 };

const kept = (plan: RetentionPlan<Candidate>): string[] => plan.keep.map(({ backup }) => backup.id).sort();
const newestFirst = (backups: readonly Candidate[]): Candidate[] => [...backups].sort((a, b) => (a.id < b.id ? 1 : -1));

/** Backups whose names are ahead of the store's clock. */
const anyJunk = fc
  .uniqueArray(fc.integer({ min: 30, max: 5000 }), { maxLength: 20 })
  .map((days) => days.map((ahead) => candidate(daysAfter(end, ahead), { storedAt: now })));

describe('for any catalog and any policy', () => {
  test('every backup either stays or goes, and what must stay stays', () => {
    fc.assert(
      fc.property(anyCatalog(2), anyJunk, anyPolicy, (backups, junk, policy) => {
        const plan = planRetention({ backups: [...backups, ...junk], policy, now });
        assert.equal(plan.refused, undefined);
        const stays = new Set(kept(plan));
        assert.equal(plan.keep.length + plan.remove.length, backups.length + junk.length);
        assert.ok(plan.remove.every(({ id }) => !stays.has(id)));
        for (const { id } of newestFirst(backups).slice(0, policy.minimum)) assert.ok(stays.has(id), 'minimum');
        const proved = newestFirst(backups).find((backup) => backup.proved);
        if (proved) assert.ok(stays.has(proved.id), 'newest proved');
        for (const { id } of junk) assert.ok(stays.has(id), 'what is ahead of the clock is not ours to judge');
        if (backups.length > 0) assert.ok(stays.size > junk.length, 'never everything');
        assert.equal(plan.excessive !== undefined, plan.remove.length * 2 > backups.length);
        assert.equal(plan.warnings.length, junk.length > 0 ? 1 : 0);
      }),
      runs,
    );
  });

  test('with nothing proved it keeps what restic would keep', () => {
    fc.assert(
      fc.property(anyCatalog(0), anyPolicy, (backups, policy) => {
        assert.deepEqual(kept(planRetention({ backups, policy, now })), naivelyKept(backups, policy));
      }),
      runs,
    );
  });

  test('with some proved it keeps the newest proved one of a period', () => {
    fc.assert(
      fc.property(anyCatalog(3), anyPolicy, (backups, policy) => {
        assert.deepEqual(kept(planRetention({ backups, policy, now })), naivelyKept(backups, policy));
      }),
      runs,
    );
  });

  test('the order of the listing changes nothing', () => {
    const shuffled = anyCatalog(3).chain((backups) =>
      fc.tuple(
        fc.constant(backups),
        fc.shuffledSubarray(backups, { minLength: backups.length, maxLength: backups.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, anyPolicy, ([backups, other], policy) => {
        assert.deepEqual(planRetention({ backups, policy, now }), planRetention({ backups: other, policy, now }));
      }),
      runs,
    );
  });

  test('a second run removes nothing more, and keeps for the same reasons', () => {
    fc.assert(
      fc.property(anyCatalog(3), anyPolicy, (all, policy) => {
        const first = planRetention({ backups: all, policy, now });
        const second = planRetention({ backups: first.keep.map(({ backup }) => backup), policy, now });
        assert.deepEqual(second.remove, []);
        assert.deepEqual(second.keep, first.keep);
      }),
      runs,
    );
  });

  test('backups ahead of the clock change nothing for the others', () => {
    fc.assert(
      fc.property(anyCatalog(3), anyJunk, anyPolicy, (backups, junk, policy) => {
        const without = planRetention({ backups, policy, now });
        const withJunk = planRetention({ backups: [...backups, ...junk], policy, now });
        assert.deepEqual(withJunk.remove, without.remove);
      }),
      runs,
    );
  });

  test('another rule never costs a backup', () => {
    fc.assert(
      fc.property(anyCatalog(3), anyPolicy, anyPolicy, (backups, policy, more) => {
        const both = { ...policy, ...Object.fromEntries(Object.entries(more).filter(([key]) => key === 'monthly')) };
        if (policy.monthly !== undefined) return;
        const fewer = new Set(kept(planRetention({ backups, policy: both, now })));
        for (const id of kept(planRetention({ backups, policy, now }))) assert.ok(fewer.has(id));
      }),
      runs,
    );
  });

  test('no more stay than the rules ask for', () => {
    fc.assert(
      fc.property(anyCatalog(3), anyPolicy, (backups, any) => {
        const policy = { ...any, withinMs: undefined };
        const { last = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0, minimum } = policy;
        const { keep } = planRetention({ backups, policy, now });
        assert.ok(keep.length <= last + daily + weekly + monthly + yearly + minimum + 1);
      }),
      runs,
    );
  });

  test('whatever an interrupted prune has come to, the next one finishes it and removes the same', () => {
    const cut = anyCatalog(3).chain((backups) => fc.tuple(fc.constant(backups), fc.nat(), fc.nat(8)));
    fc.assert(
      fc.property(cut, anyPolicy, ([backups, done, underWay], policy) => {
        const first = planRetention({ backups, policy, now });
        const gone = done % (first.remove.length + 1);
        const leftovers = first.remove.slice(gone, gone + underWay);
        const next = planRetention({
          backups: backups.filter(({ id }) => !first.remove.slice(0, gone + underWay).some((other) => other.id === id)),
          leftovers,
          policy,
          now,
        });
        assert.deepEqual(next.finish, leftovers);
        assert.deepEqual(next.remove, first.remove.slice(gone + underWay));
      }),
      runs,
    );
  });

  test('nothing goes while the clock is behind the newest backup by more than a day', () => {
    fc.assert(
      fc.property(anyCatalog(3), anyPolicy, fc.integer({ min: 25, max: 100_000 }), (backups, policy, hours) => {
        const [newest] = newestFirst(backups);
        if (!newest) return;
        const early = new Date(newest.startedAt.getTime() - hours * 3_600_000);
        const plan = planRetention({ backups, leftovers: [candidate('2019-01-01')], policy, now: early });
        assert.match(plan.refused?.message ?? '', /^the clock of this machine says /);
        assert.deepEqual([plan.remove, plan.finish, plan.keep.length], [[], [], backups.length]);
      }),
      runs,
    );
  });

  test('what this run has made stays, whatever its name says', () => {
    fc.assert(
      fc.property(anyCatalog(3), anyPolicy, fc.integer({ min: 0, max: 2000 }), (backups, policy, days) => {
        const made = candidate(daysAfter(end, -days), { storedAt: now });
        const madeNow = made.id;
        assert.notEqual(madeNow, newBackupId(now));
        const plan = planRetention({ backups: [...backups, made], policy, now, madeNow });
        assert.ok(kept(plan).includes(madeNow));
      }),
      runs,
    );
  });
});

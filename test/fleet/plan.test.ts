import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { perBackup, planShares, type Sized, weightsOf } from '../../src/fleet/plan.ts';

const bytes = fc.option(fc.oneof(fc.nat(100), fc.nat(10_000_000), fc.integer({ min: 0, max: 2 ** 42 })), {
  nil: undefined,
});
const fleet = (maxLength: number): fc.Arbitrary<Sized[]> =>
  fc
    .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength })
    .chain((names) => fc.tuple(...names.map((name) => bytes.map((size) => ({ name, bytes: size })))));
const shards = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 300 }));
const namesOf = (members: readonly Sized[]): string[] => members.map(({ name }) => name).sort();

describe('a plan', () => {
  test('has every member in exactly one share, for every number of shares', () => {
    fc.assert(
      fc.property(fleet(120), shards, (members, count) => {
        const { shares } = planShares(members, count);
        assert.equal(shares.length, count);
        assert.deepEqual(shares.flat().sort(), namesOf(members));
      }),
    );
  });

  test('is the same whatever the order of the members', () => {
    const shuffled = fleet(60).chain((members) =>
      fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length })),
    );
    fc.assert(
      fc.property(shuffled, shards, ([members, others], count) => {
        assert.deepEqual(planShares(others, count), planShares(members, count));
      }),
    );
  });

  test('tells the weight of each share, its members in the order of theirs', () => {
    fc.assert(
      fc.property(fleet(60), shards, (members, count) => {
        const weights = weightsOf(members);
        const { shares, loads } = planShares(members, count);
        for (const [index, share] of shares.entries()) {
          const each = share.map((name) => weights.get(name)!);
          assert.equal(
            each.reduce((sum, weight) => sum + weight, 0),
            loads[index],
          );
          assert.deepEqual(
            each.toSorted((a, b) => b - a),
            each,
          );
        }
      }),
    );
  });

  test('has no share that is heavier than the lightest by more than its lightest member', () => {
    fc.assert(
      fc.property(fleet(120), shards, (members, count) => {
        const weights = weightsOf(members);
        const { shares, loads } = planShares(members, count);
        const lightest = Math.min(...loads);
        for (const [index, share] of shares.entries()) {
          const last = share.at(-1);
          if (last !== undefined) assert.ok(loads[index]! - weights.get(last)! <= lightest);
        }
      }),
    );
  });

  test('is at most 4/3 - 1/(3 × shares) of the best there is', () => {
    fc.assert(
      fc.property(fleet(8), fc.integer({ min: 1, max: 4 }), (members, count) => {
        const best = bestOf([...weightsOf(members).values()], count);
        const heaviest = Math.max(...planShares(members, count).loads);
        assert.ok(heaviest <= (4 / 3 - 1 / (3 * count)) * best + 1e-6, `${heaviest} against ${best}`);
      }),
    );
  });

  test('gives members that came later to exactly one share, and moves none of the others', () => {
    const withLater = fleet(60).chain((members) => fc.tuple(fc.constant(members), fc.nat(members.length)));
    fc.assert(
      fc.property(withLater, shards, ([members, cut], count) => {
        const [early, late] = [members.slice(0, cut), members.slice(cut).map(({ name }) => name)];
        const first = planShares(early, count).shares;
        const { shares } = planShares(early, count, namesOf(members));
        assert.deepEqual(shares.flat().sort(), namesOf(members));
        for (const [index, share] of shares.entries()) {
          assert.deepEqual(
            share.filter((name) => !late.includes(name)),
            first[index],
          );
        }
      }),
    );
  });

  test('deals members out by name where no size is known', () => {
    const members = ['d', 'a', 'c', 'b', 'e'].map((name) => ({ name, bytes: undefined }));
    assert.deepEqual(planShares(members, 2).shares, [
      ['a', 'c', 'e'],
      ['b', 'd'],
    ]);
    assert.deepEqual(planShares([], 2, ['b', 'a', 'c']).shares, [['a', 'c'], ['b']]);
  });

  test('shares many small ones evenly beside a huge one', () => {
    const small = Array.from({ length: 99 }, (_, index) => ({ name: `small-${index}`, bytes: 1000 }));
    const { shares } = planShares([...small, { name: 'huge', bytes: 50 * perBackup }], 3);
    assert.deepEqual(
      shares.map(({ length }) => length),
      [1, 50, 49],
    );
  });
});

/** The lightest heaviest share of all ways there are. */
function bestOf(weights: readonly number[], count: number): number {
  const loads = new Array<number>(count).fill(0);
  let best = Number.POSITIVE_INFINITY;
  const place = (index: number): void => {
    const weight = weights[index];
    if (weight === undefined) {
      best = Math.min(best, Math.max(...loads));
      return;
    }
    for (let share = 0; share < count; share += 1) {
      loads[share]! += weight;
      place(index + 1);
      loads[share]! -= weight;
    }
  };
  place(0);
  return best;
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { mostDataLanes } from '../../src/catalog/lane-names.ts';
import { automaticJobs, divideTables, type LaneTable, tablePattern } from '../../src/postgres/lanes.ts';

const mebibyte = 1024 ** 2;
const gibibyte = 1024 * mebibyte;

/** Milliseconds of a round trip within a machine. */
const near = 0.1;

function table(name: string, bytes: number): LaneTable {
  return { schema: 'public', name, bytes };
}

function tables(...sizes: number[]): LaneTable[] {
  return sizes.map((bytes, index) => table(`t${String(index)}`, bytes));
}

describe('the division of tables', () => {
  const anyTables = fc.array(
    fc.record({ schema: fc.constantFrom('a', 'b'), name: fc.string(), bytes: fc.nat({ max: 2 ** 40 }) }),
    { maxLength: 300 },
  );
  const anyJobs = fc.integer({ min: 2, max: 16 });

  test('has every table exactly once, in a group or in the rest, and loses no byte', () => {
    fc.assert(
      fc.property(anyTables, anyJobs, fc.nat({ max: 2 ** 40 }), (all, jobs, otherBytes) => {
        const { groups, restBytes } = divideTables(all, jobs, otherBytes, near);
        const named = groups.flatMap((group) => group.tables);
        assert.equal(new Set(named).size, named.length, 'a table twice');
        const left = all.filter((one) => !named.includes(one));
        const sum = (some: readonly LaneTable[]): number => some.reduce((bytes, one) => bytes + one.bytes, 0);
        assert.equal(sum(left) + otherBytes, restBytes);
        for (const group of groups) assert.equal(sum(group.tables), group.bytes);
        assert.ok(named.every((one) => all.includes(one)));
      }),
    );
  });

  test('has a bounded number of groups, none of them empty, the largest first', () => {
    fc.assert(
      fc.property(anyTables, anyJobs, (all, jobs) => {
        const { groups } = divideTables(all, jobs, 0, near);
        assert.ok(groups.length <= Math.min(mostDataLanes, 4 * jobs));
        assert.ok(groups.every((group) => group.tables.length > 0));
        assert.deepEqual(
          groups.map(({ bytes }) => bytes),
          groups.map(({ bytes }) => bytes).toSorted((a, b) => b - a),
        );
      }),
    );
  });

  test('is balanced: no group is larger than the largest table or twice a fair share', () => {
    fc.assert(
      fc.property(anyTables, anyJobs, (all, jobs) => {
        const { groups, restBytes } = divideTables(all, jobs, 0, near);
        const total = all.reduce((bytes, one) => bytes + one.bytes, 0);
        const largest = Math.max(0, ...all.map(({ bytes }) => bytes));
        const fair = total / (groups.length + 1);
        for (const bytes of [...groups.map((group) => group.bytes), restBytes]) {
          assert.ok(bytes <= Math.max(largest, 0) + 2 * fair, `${String(bytes)} of ${String(total)}`);
        }
      }),
    );
  });

  test('is even where few tables are left, though the rest then has more than its share', () => {
    const { groups, restBytes } = divideTables(tables(100, 100, 100, 60, 60), 4, 0, near);
    assert.deepEqual([...groups.map(({ bytes }) => bytes), restBytes], [100, 100, 100, 120]);
  });

  test('is even where tables of three sizes are four each, as one of each is a group', () => {
    const { groups, restBytes } = divideTables(tables(...[115, 114, 85].flatMap((n) => [n, n, n, n])), 4, 0, near);
    assert.deepEqual([...groups.map(({ bytes }) => bytes), restBytes], [314, 314, 314, 314]);
  });

  test('names few where more names would change little', () => {
    const sizes = [900, 900, 900, ...Array.from({ length: 300 }, () => 2.9)];
    assert.deepEqual(
      divideTables(tables(...sizes), 4, 0, near).groups.map((group) => group.tables.length),
      [1, 1, 1],
    );
  });

  test('gives a large table a group of its own, and more groups than run at once', () => {
    const sizes = [10 * gibibyte, ...Array.from({ length: 40 }, () => gibibyte)];
    const { groups } = divideTables(tables(...sizes), 2, 0, near);
    assert.equal(groups[0]?.tables.length, 1);
    assert.equal(groups.length, 7);
  });

  test('makes no more groups of little than run at once', () => {
    assert.equal(divideTables(tables(8192, 8192, 8192, 8192, 8192, 8192), 3, 0, near).groups.length, 2);
  });

  test('has as many groups for each that runs at once as are worth a round trip to a far server', () => {
    const all = tables(...Array.from({ length: 40 }, () => 256 * mebibyte));
    const groups = (roundTripMs: number): number => divideTables(all, 4, 0, roundTripMs).groups.length + 1;
    assert.deepEqual([near, 20, 60, 130, 500].map(groups), [16, 16, 16, 8, 4]);
  });

  test('names nothing where all is empty, or the large objects outweigh it', () => {
    assert.deepEqual(divideTables(tables(0, 0, 0), 4, 0, near).groups, []);
    assert.deepEqual(divideTables([], 4, gibibyte, near).groups, []);
  });

  test('names no more than fits into the arguments of a process, however many there are', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => table(`${'x'.repeat(57)}${String(index)}`, mebibyte));
    const { groups, restBytes } = divideTables(many, 4, 0, near);
    const patterns = groups.flatMap((group) => group.tables.map(tablePattern));
    assert.ok(patterns.length >= 1000);
    assert.ok(patterns.join(' --exclude-table=').length < 600_000);
    assert.equal(restBytes, (many.length - patterns.length) * mebibyte);
  });
});

test('a pattern has both names in quotes, with their quotes doubled', () => {
  assert.equal(tablePattern({ schema: 'a.b', name: 'c"d*$\n?' }), '"a.b"."c""d*$\n?"');
});

describe('JOBS=auto', () => {
  const means = { cores: 4, freeConnections: 90, bytes: 10 * gibibyte, largestBytes: gibibyte };
  const cases: [what: string, changes: Partial<typeof means>, jobs: number][] = [
    ['is one for each core', {}, 4],
    ['is bounded', { cores: 64 }, 8],
    ['leaves half of the free connections free', { freeConnections: 7 }, 3],
    ['is one where nearly none is left', { freeConnections: 3 }, 1],
    ['is one on one core', { cores: 1 }, 1],
    ['is one for a small database', { bytes: 500 * mebibyte, largestBytes: mebibyte }, 1],
    ['is one where one table is nearly everything', { largestBytes: 8 * gibibyte }, 1],
  ];
  for (const [what, changes, jobs] of cases) {
    test(what, () => {
      assert.equal(automaticJobs({ ...means, ...changes }), jobs);
    });
  }
});

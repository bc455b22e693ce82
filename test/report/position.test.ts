import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pace, type Position } from '../../src/report/position.ts';

/** The standing after these positions, each at its second. */
function after(windowMs: number, positions: readonly (readonly [second: number, position: Partial<Position>])[]) {
  let now = 0;
  const pace = new Pace(() => now, windowMs);
  let standing: ReturnType<Pace['add']> | undefined;
  for (const [second, position] of positions) {
    now = second * 1000;
    standing = pace.add({ step: 'read', bytes: 0, share: undefined, ...position });
  }
  return standing!;
}

describe('the rate', () => {
  test('is that of the last while', () => {
    const slowThenFast = [
      [10, { bytes: 100 }],
      [20, { bytes: 200 }],
      [30, { bytes: 1200 }],
    ] as const;
    assert.equal(after(10_000, slowThenFast).bytesPerSecond, 100);
    assert.equal(after(30_000, slowThenFast).bytesPerSecond, 40);
  });

  test('is none of a stream that stands still', () => {
    assert.equal(
      after(10_000, [
        [10, { bytes: 500 }],
        [20, { bytes: 500 }],
        [30, { bytes: 500 }],
      ]).bytesPerSecond,
      0,
    );
  });

  test('is never negative nor infinite', () => {
    assert.equal(after(10_000, [[0, { bytes: 5 }]]).bytesPerSecond, 0);
    assert.equal(
      after(10_000, [
        [1, { bytes: 5 }],
        [2, { bytes: 0 }],
      ]).bytesPerSecond,
      0,
    );
  });
});

describe('the time left', () => {
  test('goes by all of the work so far', () => {
    assert.equal(after(10_000, [[30, { share: 0.25 }]]).leftMs, 90_000);
    assert.equal(after(10_000, [[30, { share: 0.75 }]]).leftMs, 10_000);
  });

  test('is not told where it could only be guessed', () => {
    for (const [second, position] of [
      [4, { share: 0.5 }],
      [60, { share: 0.01 }],
      [60, { share: undefined }],
      [60, { share: 0.5, overdue: true }],
      [60, { share: 1 }],
    ] as const) {
      assert.equal(after(10_000, [[second, position]]).leftMs, undefined, JSON.stringify(position));
    }
  });
});

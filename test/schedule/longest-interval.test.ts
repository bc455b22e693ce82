import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestInterval } from '../../src/schedule/longest-interval.ts';

const hours = 3_600_000;
const from = new Date('2026-01-15T12:00:00Z');

for (const [expression, timezone, expected] of [
  ['0 * * * *', 'UTC', 1],
  ['0 2 * * *', 'UTC', 24],
  // The day on which summer time ends.
  ['0 2 * * *', 'America/New_York', 25],
  ['0 9,17 * * *', 'UTC', 16],
  ['0 3 * * 1-5', 'UTC', 72],
  ['0 3 * * 0', 'UTC', 7 * 24],
  ['0 3 1 * *', 'UTC', 31 * 24],
  ['0 3 31 * *', 'UTC', 61 * 24],
  ['0 3 1 1 *', 'UTC', 365 * 24],
  // The night between, in a schedule with too many ticks to look at each.
  ['*/5 7-18 * * *', 'UTC', 12 + 5 / 60],
] as const) {
  test(`${expression} in ${timezone} is ${String(expected)} hours at most`, () => {
    assert.equal(longestInterval({ expression, timezone }, from) / hours, expected);
  });
}

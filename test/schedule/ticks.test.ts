import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ScheduleConfig } from '../../src/config/config.ts';
import { nextTick, previousTick, shortestInterval, ticksAfter, ticksBetween } from '../../src/schedule/ticks.ts';

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const inBerlin = (expression: string): ScheduleConfig => ({ expression, timezone: 'Europe/Berlin' });
const inUtc = (expression: string): ScheduleConfig => ({ expression, timezone: 'UTC' });
const at = (text: string): Date => new Date(text);
/** The ticks of some days as `day hour:minute` in UTC. */
const during = (schedule: ScheduleConfig, from: string, until: string): string[] =>
  ticksBetween(schedule, at(`${from}Z`), at(`${until}Z`), 1000).map((tick) => tick.toISOString().slice(8, 16));

describe('a night in which clocks go forward', () => {
  test('02:30, which there is not, comes an hour later', () => {
    const ticks = during(inBerlin('30 2 * * *'), '2026-03-27T12:00', '2026-03-30T12:00');
    assert.deepEqual(ticks, ['28T01:30', '29T01:30', '30T00:30']);
  });

  test('it is the previous tick afterwards, not the one of the day before', () => {
    assert.deepEqual(previousTick(inBerlin('30 2 * * *'), at('2026-03-29T12:00Z')), at('2026-03-29T01:30Z'));
  });

  test('02:00 and 03:00 are one', () => {
    assert.deepEqual(during(inBerlin('0 2,3 * * *'), '2026-03-28T12:00', '2026-03-29T12:00'), ['29T01:00']);
  });
});

describe('a night in which clocks go back', () => {
  test('02:30, which there is twice, comes once', () => {
    const ticks = during(inBerlin('30 2 * * *'), '2026-10-24T12:00', '2026-10-27T12:00');
    assert.deepEqual(ticks, ['25T00:30', '26T01:30', '27T01:30']);
  });

  for (const from of ['2026-10-25T00:30', '2026-10-25T00:45', '2026-10-25T01:10', '2026-10-25T01:30']) {
    test(`nor does it come again when asked at ${from}`, () => {
      assert.deepEqual(nextTick(inBerlin('30 2 * * *'), at(`${from}Z`)), at('2026-10-26T01:30Z'));
      assert.deepEqual(previousTick(inBerlin('30 2 * * *'), at(`${from}Z`)), at('2026-10-25T00:30Z'));
    });
  }

  test('what happens every hour happens in both', () => {
    const ticks = during(inBerlin('0 * * * *'), '2026-10-24T23:30', '2026-10-25T02:30');
    assert.deepEqual(ticks, ['25T00:00', '25T01:00', '25T02:00']);
  });
});

describe('ticks', () => {
  test('a tick at the very time is the previous one, and not the next', () => {
    assert.deepEqual(previousTick(inUtc('0 3 * * *'), at('2026-06-01T03:00Z')), at('2026-06-01T03:00Z'));
    assert.deepEqual(nextTick(inUtc('0 3 * * *'), at('2026-06-01T03:00Z')), at('2026-06-02T03:00Z'));
  });

  test('a millisecond before it, it is the next one', () => {
    const before = new Date(at('2026-06-01T03:00Z').getTime() - 1);
    assert.deepEqual(nextTick(inUtc('0 3 * * *'), before), at('2026-06-01T03:00Z'));
    assert.deepEqual(previousTick(inUtc('0 3 * * *'), before), at('2026-05-31T03:00Z'));
  });

  test('29 February is found over the end of a century', () => {
    assert.deepEqual(nextTick(inUtc('0 0 29 2 *'), at('2096-03-01T00:00Z')), at('2104-02-29T00:00Z'));
    assert.deepEqual(previousTick(inUtc('0 0 29 2 *'), at('2104-02-28T00:00Z')), at('2096-02-29T00:00Z'));
  });

  test('no more are counted than asked for', () => {
    assert.equal(ticksBetween(inUtc('* * * * *'), at('2026-01-01T00:00Z'), at('2036-01-01T00:00Z'), 7).length, 7);
  });

  test('there is none between a time and one before it', () => {
    assert.deepEqual(ticksBetween(inUtc('* * * * *'), at('2026-01-02T00:00Z'), at('2026-01-01T00:00Z'), 7), []);
  });

  test('what can never happen is an error', () => {
    assert.throws(() => nextTick(inUtc('0 3 31 2 *'), at('2026-01-01T00:00Z')));
  });

  test('a time zone that changes by half an hour ends nothing', () => {
    const schedule = { expression: '0 * * * *', timezone: 'Australia/Lord_Howe' };
    const ticks = ticksBetween(schedule, at('2026-04-04T12:00Z'), at('2026-04-04T18:00Z'), 100);
    assert.equal(ticks.length, 5);
  });
});

test('in every time zone a daily tick comes every day: forwards, backwards, from any time', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'America/Santiago', 'Asia/Beirut', 'Asia/Tokyo', 'UTC'];
  const property = fc.property(
    fc.constantFrom(...zones),
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
    fc.integer({ min: 0, max: 365 * 24 * 60 }),
    (timezone, hour, minute, offset) => {
      const schedule = { expression: `${String(minute)} ${String(hour)} * * *`, timezone };
      const time = new Date(at('2026-01-01T00:00Z').getTime() + offset * 60_000);
      const walk = ticksAfter(schedule, time);
      const [first, second, third] = [walk.next().value, walk.next().value, walk.next().value];
      for (const [earlier, later] of [
        [time, first],
        [first, second],
        [second, third],
      ] as const) {
        assert.ok(later > earlier && later.getTime() - earlier.getTime() <= 25 * hourMs);
      }
      for (const [earlier, later] of [
        [first, second],
        [second, third],
      ] as const) {
        assert.ok(later.getTime() - earlier.getTime() >= 23 * hourMs);
        // From wherever one asks, the neighbours are the same.
        assert.deepEqual(nextTick(schedule, earlier), later);
        assert.deepEqual(previousTick(schedule, new Date(later.getTime() - 1)), earlier);
        assert.deepEqual(previousTick(schedule, later), later);
      }
    },
  );
  fc.assert(property, { numRuns: 150 });
});

describe('the shortest interval of a schedule', () => {
  const from = at('2026-06-15T00:00Z');
  for (const [schedule, expected] of [
    [inUtc('0 3 * * *'), dayMs],
    [inBerlin('30 2 * * *'), 23 * hourMs],
    [inBerlin('0 12 * * *'), 23 * hourMs],
    [inBerlin('0 */2 * * *'), hourMs],
    [inBerlin('0 * * * *'), hourMs],
    [inUtc('0,50 */6 * * *'), 50 * 60_000],
    [inUtc('0 3 1,2,20 * *'), dayMs],
    [inUtc('@weekly'), 7 * dayMs],
    [inUtc('0 3 1 1 *'), Number.POSITIVE_INFINITY],
  ] as const) {
    test(`of ${schedule.expression} in ${schedule.timezone} is ${String(expected / hourMs)} hours`, () => {
      assert.equal(shortestInterval(schedule, from), expected);
    });
  }
});

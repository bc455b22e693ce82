import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { tagsOf, type Tier, tierOf, tiers } from '../../src/retention/tier.ts';
import { ticksBetween } from '../../src/schedule/ticks.ts';
import { s3Config } from '../store/scripted.ts';

const dayMs = 86_400_000;
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Africa/Cairo'];
const runs = { numRuns: process.env['SLOW'] ? 5000 : 300 };

/** The periods that a moment is in, worked out from the date that a clock on the wall there shows. */
function periodsOf(time: Date, timeZone: string): Record<Exclude<Tier, 'daily'>, string> {
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(time);
  const day = Date.parse(date);
  const sinceMonday = (new Date(day).getUTCDay() + 6) % 7;
  const weekly = new Date(day - sinceMonday * dayMs).toISOString().slice(0, 10);
  return { yearly: date.slice(0, 4), monthly: date.slice(0, 7), weekly };
}

/** What a list of complete backups, oldest first, says about the last of them. */
function naively(times: readonly Date[], timeZone: string): Tier {
  const [own, ...others] = times.toReversed().map((time) => periodsOf(time, timeZone));
  for (const tier of ['yearly', 'monthly', 'weekly'] as const) {
    if (others.every((other) => other[tier] !== own?.[tier])) return tier;
  }
  return 'daily';
}

const of = (startedAt: string, earlier: readonly string[] | undefined, timeZone = 'UTC'): Tier =>
  tierOf({
    startedAt: new Date(startedAt),
    timeZone,
    earlier: earlier?.map((time) => new Date(time)),
    schedule: undefined,
  }).tier;

describe('from the backups that there are', () => {
  for (const [title, startedAt, earlier, tier] of [
    ['the first backup of all is yearly', '2026-11-20T02:00:00Z', [], 'yearly'],
    ['the first of a year is yearly', '2026-01-02T02:00:00Z', ['2025-12-31T02:00:00Z'], 'yearly'],
    ['the first of a month is monthly', '2026-11-03T02:00:00Z', ['2026-10-30T02:00:00Z'], 'monthly'],
    [
      'the first of a week is weekly',
      '2026-11-16T02:00:00Z',
      ['2026-11-15T02:00:00Z', '2026-11-01T02:00:00Z'],
      'weekly',
    ],
    ['any other is daily', '2026-11-17T02:00:00Z', ['2026-11-16T02:00:00Z'], 'daily'],
    ['a second one of the same second is daily', '2026-11-16T02:00:00.400Z', ['2026-11-16T02:00:00Z'], 'daily'],
    ['one whose name is ahead does not count', '2026-11-16T02:00:00Z', ['2027-01-01T02:00:00Z'], 'yearly'],
    // 1 January 2027 is a Friday of the week that began in December.
    [
      'a week goes on into a new year',
      '2027-01-02T02:00:00Z',
      ['2026-12-28T02:00:00Z', '2027-01-01T02:00:00Z'],
      'daily',
    ],
  ] as const) {
    test(title, () => assert.equal(of(startedAt, earlier), tier));
  }

  test('days begin in the time zone of the schedule', () => {
    assert.equal(
      of('2026-10-31T23:30:00Z', ['2026-10-01T02:00:00Z', '2026-10-31T02:00:00Z'], 'Europe/Berlin'),
      'monthly',
    );
    assert.equal(of('2026-10-31T23:30:00Z', ['2026-10-01T02:00:00Z', '2026-10-31T02:00:00Z'], 'UTC'), 'daily');
  });

  test('for any backups in any zone it is what a calendar on the wall says, whatever their order', () => {
    const start = Date.parse('2024-12-01T00:00:00Z');
    const anyTimes = fc.array(fc.integer({ min: 0, max: 800 * 24 * 60 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(anyTimes, fc.constantFrom(...zones), fc.infiniteStream(fc.nat()), (minutes, timeZone, random) => {
        const times = minutes.sort((a, b) => a - b).map((minute) => new Date(start + minute * 60_000));
        const earlier = times.slice(0, -1).sort(() => (random.next().value % 3) - 1);
        const found = tierOf({ startedAt: times.at(-1)!, timeZone, earlier, schedule: undefined });
        assert.deepEqual(found, { tier: naively(times, timeZone), from: 'backups' });
      }),
      runs,
    );
  });
});

describe('from the schedule, where backups cannot be listed', () => {
  const expressions = [
    '0 2 * * *',
    '30 23 * * *',
    '15 0 * * 0',
    '0 */6 * * *',
    '0 0 1 * *',
    '30 2 * * 1-5',
    '0 4 10 * *',
  ];
  const byTick = (expression: string, timezone: string, startedAt: Date): Tier => {
    const schedule = { expression, timezone };
    const { tier, from } = tierOf({ startedAt, timeZone: timezone, earlier: undefined, schedule });
    assert.equal(from, 'schedule');
    return tier;
  };

  test('every tick gets the tier that it would get from the backups of all ticks before', () => {
    for (const timezone of ['Europe/Berlin', 'America/New_York', 'Africa/Cairo']) {
      for (const expression of expressions) {
        const year = [new Date('2025-12-25T00:00:00Z'), new Date('2027-02-01T00:00:00Z')] as const;
        const ticks = ticksBetween({ expression, timezone }, ...year, 2000);
        const seen = new Set<string>();
        let checked = 0;
        for (const [index, tick] of ticks.entries()) {
          const { yearly, monthly, weekly } = periodsOf(tick, timezone);
          const isNew = [yearly, monthly, weekly].map((period) => !seen.has(period) && Boolean(seen.add(period)));
          // The list begins in the middle of a year, of which the schedule knows more.
          if (yearly < '2026' || !(isNew.includes(true) || index % 31 === 0)) continue;
          const expected = (['yearly', 'monthly', 'weekly'] as const).find((_, at) => isNew[at]) ?? 'daily';
          assert.equal(byTick(expression, timezone, tick), expected, `${expression} ${timezone} ${tick.toISOString()}`);
          checked += 1;
        }
        assert.ok(checked >= 13, expression);
      }
    }
  });

  test('however early or late the runs are, no period goes without its backup', () => {
    const daily = ticksBetween(
      { expression: '30 23 * * *', timezone: 'Europe/Berlin' },
      new Date('2026-12-20T00:00:00Z'),
      new Date('2027-02-20T00:00:00Z'),
      100,
    );
    const anyDelays = fc.array(fc.integer({ min: -59, max: 20 * 3600 }), { minLength: 70, maxLength: 70 });
    fc.assert(
      fc.property(anyDelays, (delays) => {
        const marked = { yearly: new Set<string>(), monthly: new Set<string>(), weekly: new Set<string>() };
        for (const [index, tick] of daily.entries()) {
          const startedAt = new Date(tick.getTime() + (delays[index] ?? 0) * 1000);
          const tier = byTick('30 23 * * *', 'Europe/Berlin', startedAt);
          const periods = periodsOf(startedAt > tick ? startedAt : tick, 'Europe/Berlin');
          for (const one of ['yearly', 'monthly', 'weekly'] as const) {
            if (tiers.indexOf(tier) <= tiers.indexOf(one)) marked[one].add(periods[one]);
          }
        }
        assert.ok(marked.yearly.has('2027'));
        assert.ok(marked.monthly.has('2027-01') && marked.monthly.has('2027-02'));
        for (const monday of ['2026-12-28', '2027-01-04', '2027-01-11', '2027-01-18', '2027-01-25', '2027-02-01']) {
          assert.ok(marked.weekly.has(monday), monday);
        }
      }),
      { numRuns: 15 },
    );
  });

  test('a backup between two ticks serves the one before it', () => {
    assert.equal(byTick('0 2 * * *', 'UTC', new Date('2026-11-01T15:00:00Z')), 'monthly');
    assert.equal(byTick('0 2 * * *', 'UTC', new Date('2026-11-02T01:00:00Z')), 'monthly');
    assert.equal(byTick('0 2 * * *', 'UTC', new Date('2026-11-03T15:00:00Z')), 'daily');
  });
});

test('with neither backups nor a schedule it is daily', () => {
  const nothing = { startedAt: new Date(), timeZone: 'UTC', earlier: undefined, schedule: undefined };
  assert.deepEqual(tierOf(nothing), { tier: 'daily', from: 'nothing' });
});

test('objects have a tag only where they are to have one and the tier is known', () => {
  const tagged = s3Config('http://localhost', { tags: true });
  assert.deepEqual(tagsOf(tagged, 'weekly'), { 'pg-offsite-tier': 'weekly' });
  assert.equal(tagsOf(tagged, undefined), undefined);
  assert.equal(tagsOf(s3Config('http://localhost'), 'weekly'), undefined);
  assert.equal(tagsOf({ kind: 'directory', path: '/backups' }, 'weekly'), undefined);
});

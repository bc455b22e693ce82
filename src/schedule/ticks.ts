import { CronExpressionParser } from 'cron-parser';
import type { ScheduleConfig } from '../config/config.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/**
 * How far before the wanted time the walk begins. Begun inside the hour that a clock change repeats, cron-parser gives
 * its ticks twice, and its way backwards loses those of the hour that is skipped:
 * https://github.com/harrisiirak/cron-parser/issues/273 and /378.
 */
const runUpMs = 4 * hourMs;
/** No schedule that can happen at all is silent for longer: 29 February across the end of a century. */
const longestSilenceMs = 9 * 366 * dayMs;
/** So many ticks show what a schedule's days are like. */
const manyTicks = 200;

/**
 * The ticks after a time, without end, in order, each once. In a night in which clocks change, a tick within the hour
 * that is skipped comes an hour later, and one within the hour that is repeated comes once, unless it is of every hour.
 * @throws {Error} for an expression that can never happen.
 */
export function* ticksAfter(schedule: ScheduleConfig, after: Date): Generator<Date, never> {
  let from = new Date(after.getTime() - runUpMs);
  let last = Number.NEGATIVE_INFINITY;
  for (let failures = 0; ; failures++) {
    const walk = CronExpressionParser.parse(schedule.expression, { tz: schedule.timezone, currentDate: from });
    try {
      for (;;) {
        const tick = walk.next().toDate();
        if (tick.getTime() <= last) continue;
        last = tick.getTime();
        from = tick;
        failures = 0;
        if (tick > after) yield tick;
      }
    } catch (error) {
      // It gives up where clocks change by half an hour (Australia/Lord_Howe), and goes on from behind that.
      const hourLater = new Date(from.getTime() + hourMs);
      const [change] = clockChanges(schedule.timezone, from, new Date(from.getTime() + 366 * dayMs));
      if (change === undefined || failures === 2) throw error;
      from = failures === 0 ? hourLater : new Date(change.getTime() + dayMs / 2);
    }
  }
}

/** The first tick after a time. */
export function nextTick(schedule: ScheduleConfig, after: Date): Date {
  return ticksAfter(schedule, after).next().value;
}

/** The last tick at or before a time. */
export function previousTick(schedule: ScheduleConfig, at: Date): Date {
  for (let back = 6 * hourMs; back < 4 * longestSilenceMs; back *= 4) {
    let found: Date | undefined;
    for (const tick of ticksAfter(schedule, new Date(at.getTime() - back))) {
      if (tick > at) break;
      found = tick;
    }
    if (found) return found;
  }
  throw new Error(`${schedule.expression} never happens`);
}

/** The ticks after a time and not after another, oldest first, at most so many. */
export function ticksBetween(schedule: ScheduleConfig, after: Date, until: Date, most: number): Date[] {
  const found: Date[] = [];
  if (until <= after) return found;
  for (const tick of ticksAfter(schedule, after)) {
    if (tick > until || found.length === most) return found;
    found.push(tick);
  }
  return found;
}

/**
 * The shortest time between two ticks in the year after a time, in milliseconds; Infinity for fewer than two. Clock
 * changes count. Stops early, with what it has, below `enough`.
 */
export function shortestInterval(schedule: ScheduleConfig, from: Date, enough = minuteMs): number {
  const end = new Date(from.getTime() + 366 * dayMs);
  const year = ticksBetween(schedule, from, end, manyTicks);
  let shortest = shortestOf(year);
  if (year.length < manyTicks) return shortest;
  // Its days are all alike but for those of clock changes.
  for (const change of clockChanges(schedule.timezone, from, end)) {
    if (shortest <= enough) break;
    const around = [change.getTime() - 2 * dayMs, change.getTime() + 2 * dayMs].map((time) => new Date(time)) as [
      Date,
      Date,
    ];
    shortest = Math.min(shortest, shortestOf(ticksBetween(schedule, ...around, manyTicks)));
  }
  return shortest;
}

function shortestOf(ticks: readonly Date[]): number {
  const times = ticks.map((tick) => tick.getTime());
  return Math.min(Number.POSITIVE_INFINITY, ...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
}

/** The days on which a time zone's distance from UTC changes. */
function clockChanges(timezone: string, from: Date, until: Date): Date[] {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' });
  const offsetAt = (time: number): string => format.format(time).replace(/^.*GMT/, '');
  const changes: Date[] = [];
  for (let time = from.getTime(); time < until.getTime(); time += dayMs) {
    if (offsetAt(time) !== offsetAt(time + dayMs)) changes.push(new Date(time + dayMs / 2));
  }
  return changes;
}

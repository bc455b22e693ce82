import type { DateTime } from 'luxon';
import { localTime } from '../retention/periods.ts';
import type { Tick } from './gaps.ts';
import type { Run } from './history.ts';
import type { Horizon } from './horizon.ts';

/**
 * What a day looks like: `proved` has a backup that a drill has restored, `made` has backups for all that was due,
 * `partly` lacks some, `damaged` has only such as cannot be restored, `missed` has none though one was due. `removed` may
 * have had some that retention has removed, `idle` had nothing due; `empty` is neither good nor bad for want of a
 * schedule; `outside` is before the first backup or after today.
 */
export type DayState = 'proved' | 'made' | 'partly' | 'damaged' | 'missed' | 'removed' | 'idle' | 'empty' | 'outside';

/** One day of the calendar. */
export interface Day {
  /** Of the month. */
  readonly number: number;
  readonly state: DayState;
  readonly backups: number;
  readonly missed: number;
}

/** One month of the calendar. */
export interface Month {
  readonly year: number;
  /** `March 2026`. */
  readonly title: string;
  /** Of its first day: 1 is Monday. */
  readonly weekday: number;
  readonly days: readonly Day[];
}

/** What {@link monthsOf} goes by. */
export interface CalendarRequest {
  /** Oldest first. */
  readonly runs: readonly Run[];
  /** Undefined where there is no schedule. */
  readonly ticks: readonly Tick[] | undefined;
  readonly horizon: Horizon;
  readonly now: Date;
  readonly timeZone: string;
}

interface Tally {
  good: number;
  damaged: number;
  proved: boolean;
  due: number;
  missed: number;
}

/** A calendar from the month of the first backup to this month, oldest first. Months too long ago are left out. */
export function monthsOf(request: CalendarRequest): Month[] {
  const { runs, now, timeZone } = request;
  const [first] = runs;
  if (!first) return [];
  const tallies = tally(request);
  const today = localTime(now, timeZone).startOf('day');
  const begin = localTime(first.startedAt, timeZone).startOf('day');
  const earliest = today.startOf('month').minus({ months: 119 });
  const months: Month[] = [];
  for (let month = maxOf(begin.startOf('month'), earliest); month <= today; month = month.plus({ months: 1 })) {
    const days = Array.from({ length: month.daysInMonth ?? 31 }, (_, index): Day => {
      const date = month.plus({ days: index });
      const found = tallies.get(date.toISODate() ?? '');
      const state = date < begin || date > today ? 'outside' : stateOf(date, found, request);
      return {
        number: index + 1,
        state,
        backups: (found?.good ?? 0) + (found?.damaged ?? 0),
        missed: found?.missed ?? 0,
      };
    });
    months.push({ year: month.year, title: month.toFormat('LLLL yyyy'), weekday: month.weekday, days });
  }
  return months;
}

function tally({ runs, ticks, horizon, timeZone }: CalendarRequest): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  const of = (time: Date): Tally => {
    const day = localTime(time, timeZone).toISODate() ?? '';
    const found = tallies.get(day) ?? { good: 0, damaged: 0, proved: false, due: 0, missed: 0 };
    tallies.set(day, found);
    return found;
  };
  for (const { startedAt, damage, candidate } of runs) {
    const day = of(startedAt);
    if (damage === undefined) day.good += 1;
    else day.damaged += 1;
    day.proved ||= candidate?.proved === true;
  }
  for (const { at, served } of ticks ?? []) {
    const day = of(at);
    day.due += 1;
    if (!served && at >= horizon.everyRun) day.missed += 1;
  }
  return tallies;
}

function stateOf(date: DateTime, found: Tally | undefined, { ticks, horizon }: CalendarRequest): DayState {
  if (found && found.good > 0) {
    if (found.missed > 0) return 'partly';
    return found.proved ? 'proved' : 'made';
  }
  if (found && found.damaged > 0) return 'damaged';
  if (date.toMillis() < horizon.everyDay.getTime()) return 'removed';
  if (ticks === undefined) return 'empty';
  return found && found.due > 0 ? 'missed' : 'idle';
}

function maxOf(one: DateTime, other: DateTime): DateTime {
  return one > other ? one : other;
}

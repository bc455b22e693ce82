import { DateTime } from 'luxon';

/** The lengths of time that one backup can stand for. */
export type Period = 'daily' | 'weekly' | 'monthly' | 'yearly';

const formats: Readonly<Record<Period, string>> = {
  daily: 'yyyy-MM-dd',
  // The year of an ISO week is not always that of its days: 1 January 2027 is in 2026-W53.
  weekly: "kkkk-'W'WW",
  monthly: 'yyyy-MM',
  yearly: 'yyyy',
};

/**
 * The name of the day, ISO week, month or year that a moment is in, by the calendar of a time zone: `2026-11-20`,
 * `2026-W47`, `2026-11`, `2026`. Names of one kind sort by time.
 */
export function periodOf(time: Date, period: Period, timeZone: string): string {
  return localTime(time, timeZone).toFormat(formats[period]);
}

/** A moment as the clock and calendar of a time zone show it. */
export function localTime(time: Date, timeZone: string): DateTime {
  return DateTime.fromMillis(time.getTime(), { zone: timeZone, locale: 'en-US' });
}

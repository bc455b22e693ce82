import type { RetentionPolicy } from '../../src/config/config.ts';
import type { Candidate } from '../../src/retention/rules.ts';

/*
 * Retention written a second time, from restic's description of `forget` and not from src/retention: one pass over the
 * backups, newest first, with a bucket a rule; calendar days by Intl and ISO weeks by counting days.
 */

/** The ids that stay, sorted. Only for backups whose two clocks agree. */
export function naivelyKept(backups: readonly Candidate[], policy: RetentionPolicy): string[] {
  const newestFirst = [...backups].sort((a, b) => (a.id < b.id ? 1 : -1));
  const kept = new Set<string>(newestFirst.slice(0, policy.minimum).map(({ id }) => id));
  const newest = newestFirst[0];
  const firstProved = newestFirst.find(({ proved }) => proved);
  if (firstProved) kept.add(firstProved.id);
  const parts = newestFirst.map(({ startedAt }) => localDay(startedAt, policy.timeZone));
  const buckets = [
    { left: policy.last ?? 0, nameOf: (index: number) => String(index) },
    { left: policy.daily ?? 0, nameOf: (index: number) => parts[index]! },
    { left: policy.weekly ?? 0, nameOf: (index: number) => isoWeek(parts[index]!) },
    { left: policy.monthly ?? 0, nameOf: (index: number) => parts[index]!.slice(0, 7) },
    { left: policy.yearly ?? 0, nameOf: (index: number) => parts[index]!.slice(0, 4) },
  ];
  for (const { left, nameOf } of buckets) {
    let room = left;
    let last = '';
    for (const [index, backup] of newestFirst.entries()) {
      const name = nameOf(index);
      const isOldest = index === newestFirst.length - 1;
      if (room > 0 && (name !== last || isOldest)) {
        const group = newestFirst.filter((_, other) => nameOf(other) === name);
        kept.add((name === last ? backup : (group.find(({ proved }) => proved) ?? backup)).id);
        room -= 1;
        last = name;
      }
    }
  }
  if (newest && policy.withinMs !== undefined) {
    for (const { id, startedAt } of newestFirst) {
      if (newest.startedAt.getTime() - startedAt.getTime() <= policy.withinMs) kept.add(id);
    }
  }
  return [...kept].sort();
}

const formats = new Map<string, Intl.DateTimeFormat>();
const seen = new Map<string, string>();

/** Remembered, since making and using these formats is what takes the time. */
function localDay(time: Date, timeZone: string): string {
  const key = `${timeZone} ${time.getTime()}`;
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  formats.set(timeZone, format);
  const day = seen.get(key) ?? format.format(time);
  seen.set(key, day);
  return day;
}

/** The week that a day's Thursday is in. */
function isoWeek(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * 86_400_000);
  const newYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return `${String(thursday.getUTCFullYear())}-${String(Math.floor((thursday.getTime() - newYear) / 604_800_000) + 1)}`;
}

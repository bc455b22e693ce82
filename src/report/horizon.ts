import type { RetentionPolicy } from '../config/config.ts';
import { localTime } from '../retention/periods.ts';

/** Since when a gap is one: what is older may be missing because retention has removed it. */
export interface Horizon {
  /** Since then every backup there was is still there. */
  readonly everyRun: Date;
  /** Since then there is one of each day that had any. */
  readonly everyDay: Date;
}

/** The beginning of time. */
const always = new Date(0);

/**
 * How far back the store must still have what was made, by the rules of the policy.
 * @param starts of the backups that retention counts, oldest first.
 */
export function horizonOf(starts: readonly Date[], policy: RetentionPolicy | undefined): Horizon {
  const newest = starts.at(-1);
  if (!policy || !newest) return { everyRun: always, everyDay: always };
  // A rule that still has room has removed nothing.
  const ofLast = (number: number): Date => starts.at(-number) ?? always;
  const ends = [ofLast(Math.max(policy.minimum, policy.last ?? 0))];
  if (policy.withinMs !== undefined) ends.push(new Date(newest.getTime() - policy.withinMs));
  const everyRun = earliest(ends);
  const ofDays = policy.daily === undefined ? [] : [nthDay(starts, policy.daily, policy.timeZone)];
  return { everyRun, everyDay: earliest([everyRun, ...ofDays]) };
}

function nthDay(starts: readonly Date[], number: number, timeZone: string): Date {
  const days = new Set<number>();
  for (const start of starts.toReversed()) {
    const day = localTime(start, timeZone).startOf('day').toMillis();
    days.add(day);
    if (days.size === number) return new Date(day);
  }
  return always;
}

function earliest(times: readonly Date[]): Date {
  return new Date(Math.min(...times.map((time) => time.getTime())));
}

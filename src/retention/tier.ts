import type { ScheduleConfig, StoreConfig } from '../config/config.ts';
import { earlyMs } from '../schedule/missed.ts';
import { nextTick, previousTick } from '../schedule/ticks.ts';
import { localTime, type Period, periodOf } from './periods.ts';

/** What a backup stands for where backups expire by rules of the bucket; see {@link tierOf}. */
export type Tier = Period;

/** The longest first: a backup has the first of these that fits. */
export const tiers: readonly Tier[] = ['yearly', 'monthly', 'weekly', 'daily'];

/** What a tier is found from. */
export interface TierRequest {
  readonly startedAt: Date;
  /** Where days begin: a name of the IANA list. */
  readonly timeZone: string;
  /** When the complete backups of the database began, in any order; undefined where the store does not let us look. */
  readonly earlier: readonly Date[] | undefined;
  /** In the same time zone. */
  readonly schedule: ScheduleConfig | undefined;
}

/** A tier, and what it was found from. */
export interface FoundTier {
  readonly tier: Tier;
  readonly from: 'backups' | 'schedule' | 'nothing';
}

/**
 * The tier of a backup that begins now: the first complete one of a year is `yearly`, of a month `monthly`, of an ISO
 * week `weekly`, any other `daily`. Where earlier backups cannot be listed, a backup counts as the first of a period when
 * no tick of the schedule came before its own in that period; a run that is late may then stand for a period that has a
 * backup already, but no period goes without one unless its first run failed. Without a schedule: `daily`.
 */
export function tierOf({ startedAt, timeZone, earlier, schedule }: TierRequest): FoundTier {
  if (earlier) {
    const before = earlier.filter((time) => time <= startedAt);
    const isFirst = (tier: Tier): boolean => {
      const period = periodOf(startedAt, tier, timeZone);
      return before.every((time) => periodOf(time, tier, timeZone) !== period);
    };
    return { tier: firstThat(isFirst), from: 'backups' };
  }
  if (!schedule) return { tier: 'daily', from: 'nothing' };
  const tick = previousTick(schedule, new Date(startedAt.getTime() + earlyMs));
  // A run that is a little early is already one of the period that its tick is in.
  const at = tick > startedAt ? tick : startedAt;
  return { tier: firstThat((tier) => nextTick(schedule, justBefore(at, tier, timeZone)) >= tick), from: 'schedule' };
}

function firstThat(isFirst: (tier: Tier) => boolean): Tier {
  return tiers.find((tier) => tier === 'daily' || isFirst(tier)) ?? 'daily';
}

const units = { yearly: 'year', monthly: 'month', weekly: 'week', daily: 'day' } as const;

function justBefore(time: Date, tier: Tier, timeZone: string): Date {
  return new Date(localTime(time, timeZone).startOf(units[tier]).toMillis() - 1);
}

/** The tag that every object of a backup of a tier has, where objects are tagged: what lifecycle rules go by. */
export const tierTag = 'pg-offsite-tier';

/** The tags of the objects of a backup; undefined where objects get none. */
export function tagsOf(store: StoreConfig, tier: Tier | undefined): Readonly<Record<string, string>> | undefined {
  return store.kind === 's3' && store.tags && tier !== undefined ? { [tierTag]: tier } : undefined;
}

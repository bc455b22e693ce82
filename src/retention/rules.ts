import type { RetentionPolicy } from '../config/config.ts';
import { type Period, periodOf } from './periods.ts';

/** What retention knows of one complete backup of the database. */
export interface Candidate {
  readonly id: string;
  /** By the clock of the machine that made it: the time in its id. */
  readonly startedAt: Date;
  /** By the store's clock: when the manifest was stored, or copied to where it is now. */
  readonly storedAt: Date;
  /** A drill has restored it, and none has failed since. */
  readonly proved: boolean;
}

/** Why a backup stays. */
export interface Reason {
  readonly rule: 'last' | 'within' | Period | 'minimum' | 'proved' | 'made now';
  /** The day, week, month or year that it stands for. */
  readonly period?: string;
  /** It stands for no period but is the oldest there is, kept because the rule still has room. */
  readonly oldest?: true;
  /** Its name is too old for `KEEP_WITHIN`, but the store has got it within that time. */
  readonly stored?: true;
}

/** One wish of a policy: this backup stays, for this reason. */
export interface Wish<B> {
  readonly backup: B;
  readonly reason: Reason;
}

const periods: readonly Period[] = ['daily', 'weekly', 'monthly', 'yearly'];

/**
 * Every wish that the rules of a policy have; a backup that any of them wants stays. As in restic: the newest of a
 * period wins, only periods that have a backup are counted, the oldest backup stays while a rule has room for more
 * periods, and `KEEP_WITHIN` counts back from the newest backup and not from today, so that nothing runs out while no
 * backups are made. Unlike restic a proved backup is preferred to the unproved ones of its period.
 * @param newestFirst counted backups only.
 */
export function wishesOf<B extends Candidate>(
  newestFirst: readonly B[],
  policy: RetentionPolicy,
  now: Date,
): Wish<B>[] {
  const wishes: Wish<B>[] = newestFirst
    .slice(0, policy.last ?? 0)
    .map((backup) => ({ backup, reason: { rule: 'last' } }));
  const [newest] = newestFirst;
  if (!newest) return wishes;
  if (policy.withinMs !== undefined) {
    const since = Math.min(newest.startedAt.getTime(), now.getTime()) - policy.withinMs;
    // Either clock will do: a name that is too old must not cost a backup that was stored just now.
    const within = newestFirst.filter(({ startedAt, storedAt }) => Math.max(+startedAt, +storedAt) >= since);
    for (const backup of within) {
      const isNamedSo = backup.startedAt.getTime() >= since;
      wishes.push({ backup, reason: isNamedSo ? { rule: 'within' } : { rule: 'within', stored: true } });
    }
  }
  for (const rule of periods) {
    const count = policy[rule];
    if (count !== undefined) wishes.push(...wishesOfPeriod(newestFirst, rule, count, policy.timeZone));
  }
  return wishes;
}

function wishesOfPeriod<B extends Candidate>(
  newestFirst: readonly B[],
  rule: Period,
  count: number,
  timeZone: string,
): Wish<B>[] {
  const best = new Map<string, B>();
  for (const backup of newestFirst) {
    const period = periodOf(backup.startedAt, rule, timeZone);
    const found = best.get(period);
    if (found === undefined || (backup.proved && !found.proved)) best.set(period, backup);
  }
  // In the order of first sight, which is newest first.
  const wishes: Wish<B>[] = [...best].slice(0, count).map(([period, backup]) => ({ backup, reason: { rule, period } }));
  const oldest = newestFirst.at(-1);
  if (oldest && best.size < count && !wishes.some(({ backup }) => backup === oldest)) {
    wishes.push({ backup: oldest, reason: { rule, oldest: true } });
  }
  return wishes;
}

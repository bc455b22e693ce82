import type { ScheduleConfig } from '../config/config.ts';
import { type Missed, missedSince } from './missed.ts';
import { nextTick } from './ticks.ts';

/** How fresh a backup, or a proof, has to be. */
export type Demand =
  | {
      readonly kind: 'schedule';
      readonly schedule: ScheduleConfig;
      /** How long after a tick there may be nothing yet. */
      readonly graceMs: number;
    }
  | { readonly kind: 'age'; readonly maxAgeMs: number };

/** Whether something is as fresh as demanded. */
export interface Freshness {
  readonly fresh: boolean;
  readonly ageMs: number;
  /** Undefined where there is no schedule or none was missed. */
  readonly missed: Missed | undefined;
  /** When the next one is due, where that is known: by then it need not be there yet. */
  readonly nextDue: Date | undefined;
}

/**
 * Judges by when the newest one began. With a schedule, each tick that is longer ago than the grace and has nothing
 * after it is missed, and one missed tick is too many.
 */
export function judge(newest: Date, demand: Demand, now: Date): Freshness {
  const ageMs = Math.max(0, now.getTime() - newest.getTime());
  if (demand.kind === 'age') {
    return { fresh: ageMs <= demand.maxAgeMs, ageMs, missed: undefined, nextDue: undefined };
  }
  const missed = missedSince(demand.schedule, newest, new Date(now.getTime() - demand.graceMs));
  return { fresh: missed === undefined, ageMs, missed, nextDue: nextTick(demand.schedule, now) };
}

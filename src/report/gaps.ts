import type { ScheduleConfig } from '../config/config.ts';
import { earlyMs } from '../schedule/missed.ts';
import { shortestInterval, ticksBetween } from '../schedule/ticks.ts';

/** No more ticks than this are looked at, and none that is longer ago. */
const mostTicks = 20_000;
const longestMs = 400 * 86_400_000;

/** One tick of the schedule, and whether a backup began between it and the next one. */
export interface Tick {
  readonly at: Date;
  readonly served: boolean;
}

/** What {@link ticksOf} goes by. */
export interface TicksRequest {
  readonly schedule: ScheduleConfig;
  /** When the good backups began, oldest first. */
  readonly starts: readonly Date[];
  readonly now: Date;
  /** How long after a tick there need not be a backup yet. */
  readonly graceMs: number;
}

/** The ticks since the oldest backup, or of the last 400 days, that are due by now; oldest first. */
export function ticksOf({ schedule, starts, now, graceMs }: TicksRequest): Tick[] {
  const [first] = starts;
  if (!first) return [];
  const everyMs = Math.max(60_000, shortestInterval(schedule, now));
  const from = new Date(Math.max(first.getTime() - earlyMs, now.getTime() - Math.min(longestMs, mostTicks * everyMs)));
  const ticks = ticksBetween(schedule, from, now, mostTicks);
  let next = 0;
  return ticks.flatMap((at, index) => {
    const [begin, end] = [at.getTime() - earlyMs, (ticks[index + 1]?.getTime() ?? Number.POSITIVE_INFINITY) - earlyMs];
    while (next < starts.length && (starts[next]?.getTime() ?? 0) < begin) next += 1;
    const served = (starts[next]?.getTime() ?? Number.POSITIVE_INFINITY) < end;
    return served || now.getTime() - at.getTime() > graceMs ? [{ at, served }] : [];
  });
}

import type { ScheduleConfig } from '../config/config.ts';
import { ticksBetween } from './ticks.ts';

/** The clocks of a scheduler and of the job that it starts may differ by this: a job this early still belongs to its tick. */
export const earlyMs = 60_000;
/** Counting ends here: by then nobody needs the exact number. */
const mostCounted = 10_000;

/** Ticks for which there is no backup. */
export interface Missed {
  /** 10,000 stands for that many or more. */
  readonly count: number;
  readonly since: Date;
}

/** The ticks between the start of the newest backup and a time, both of which may be a little early; undefined for none. */
export function missedSince(schedule: ScheduleConfig, newest: Date, until: Date): Missed | undefined {
  const ticks = ticksBetween(schedule, new Date(newest.getTime() + earlyMs), until, mostCounted);
  return asMissed(ticks);
}

/**
 * The ticks that passed without a backup before this run, which itself serves the last one; undefined for none.
 * @param newest when the newest earlier backup began.
 */
export function missedBefore(schedule: ScheduleConfig, newest: Date, startedAt: Date): Missed | undefined {
  const until = new Date(startedAt.getTime() + earlyMs);
  const ticks = ticksBetween(schedule, new Date(newest.getTime() + earlyMs), until, mostCounted + 1);
  return asMissed(ticks.slice(0, -1));
}

/** In words: `2 ticks missed since 2026-11-19T02:00Z`. */
export function describeMissed({ count, since }: Missed): string {
  const number = count === mostCounted ? `${count.toLocaleString('en-US')} or more` : count.toLocaleString('en-US');
  return `${number} ${count === 1 ? 'tick' : 'ticks'} missed since ${shortTime(since)}`;
}

/** A time in UTC, to the minute. */
export function shortTime(time: Date): string {
  return time.toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
}

function asMissed(ticks: readonly Date[]): Missed | undefined {
  const [since] = ticks;
  return since === undefined ? undefined : { count: ticks.length, since };
}

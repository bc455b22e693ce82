import type { ScheduleConfig } from '../config/config.ts';
import { nextTick, previousTick, ticksBetween } from './ticks.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** So many ticks are looked at one by one; those of a year are too many where there is one a minute. */
const manyTicks = 200;

/**
 * The longest time between two ticks around the year after a time, in milliseconds. A pause of less than half a day that
 * comes less often than every other week can be missed.
 */
export function longestInterval(schedule: ScheduleConfig, from: Date): number {
  const first = previousTick(schedule, from);
  const close = [first, ...ticksBetween(schedule, first, new Date(+first + 14 * dayMs), manyTicks)];
  let longest = Math.max(0, ...close.slice(1).map((tick, index) => +tick - +(close[index] ?? tick)));
  let last = first;
  while (+last < +from + 366 * dayMs) {
    const next = nextTick(schedule, last);
    longest = Math.max(longest, +next - +last);
    const jump = new Date(+last + (+last < +from + 14 * dayMs ? hourMs : dayMs / 2));
    // A pause begins at the last tick before wherever the jump ends.
    last = jump > next ? previousTick(schedule, jump) : next;
  }
  return longest;
}

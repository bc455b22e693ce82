import { setTimeout as wait } from 'node:timers/promises';

/** Where the time comes from, so that a year can pass in a test. */
export interface Clock {
  now(): Date;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
};

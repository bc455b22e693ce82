import { setTimeout as sleep } from 'node:timers/promises';

const firstPauseMs = 250;
const longestPauseMs = 20_000;

/** When to stop trying. */
export interface RetryLimits {
  /** Ends a pause at once; its reason is then what is thrown. */
  readonly signal: AbortSignal;
  /** Milliseconds since the first try within which another may be begun. */
  readonly forMs: number;
}

/** How much was tried before an error was accepted as final. */
export interface Tried {
  readonly attempts: number;
  readonly elapsedMs: number;
}

/** What {@link retry} asks of its caller. */
export interface RetryOptions extends RetryLimits {
  /** True where another try can help. */
  readonly isTransient: (error: unknown) => boolean;
  /** Told before each pause. */
  readonly onRetry?: ((error: unknown, tried: Tried) => void) | undefined;
  /** Makes what is thrown in the end from the last error. */
  readonly onGiveUp: (error: unknown, tried: Tried) => unknown;
}

/**
 * Runs the attempt until it succeeds, fails for good, or time is up. Bounded by time and not by a count, because a
 * nightly job can well wait out a store's bad quarter of an hour.
 */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, forMs, isTransient, onRetry, onGiveUp } = options;
  const startedAt = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      const tried = { attempts, elapsedMs: performance.now() - startedAt };
      const leftMs = forMs - tried.elapsedMs;
      if (leftMs <= 0 || !isTransient(error)) throw onGiveUp(error, tried);
      onRetry?.(error, tried);
      await pause(Math.min(pauseAfter(attempts), leftMs), signal);
    }
  }
}

/** Milliseconds to wait after so many failed tries: doubling up to 20 s, the upper half of it left to chance. */
export function pauseAfter(attempts: number, random: () => number = Math.random): number {
  const whole = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempts - 1, 30));
  return whole * (0.5 + random() / 2);
}

/** Waits; an abort ends the wait at once with the signal's own reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted, toFailure } from '../errors.ts';
import type { RunContext } from './context.ts';

const pauseBetweenAttemptsMs = 5000;

/**
 * Does some work in at most `BACKUP_ATTEMPTS` attempts: tries again what is worth repeating. Each backup that is tried
 * again is a new one with an id of its own.
 * @throws {Failure} that of the last attempt; the signal's reason.
 */
export async function attempt<T>(
  { config, log, signal }: Pick<RunContext, 'config' | 'log' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      throwIfAborted(signal);
      const failure = toFailure(error);
      if (!failure.retryable || tried >= config.run.attempts) throw failure;
      log.warn(`attempt ${String(tried)} of ${String(config.run.attempts)} failed: ${failure.message}`);
      await sleep(pauseBetweenAttemptsMs, undefined, { signal }).catch(() => undefined);
      throwIfAborted(signal);
    }
  }
}

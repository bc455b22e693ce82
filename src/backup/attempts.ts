import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted, toFailure } from '../errors.ts';
import type { RunContext } from './context.ts';
import { type CompletedBackup, makeBackup } from './run.ts';

const pauseBetweenAttemptsMs = 5000;

/**
 * Makes one backup in at most `BACKUP_ATTEMPTS` attempts: tries again what is worth repeating, each time as a new backup
 * with an id of its own.
 * @throws {Failure} that of the last attempt; the signal's reason.
 */
export async function attemptBackup(context: RunContext): Promise<CompletedBackup> {
  const { config, log, signal } = context;
  for (let attempt = 1; ; attempt++) {
    try {
      return await makeBackup(context);
    } catch (error) {
      throwIfAborted(signal);
      const failure = toFailure(error);
      if (!failure.retryable || attempt >= config.run.attempts) throw failure;
      log.warn(`attempt ${String(attempt)} of ${String(config.run.attempts)} failed: ${failure.message}`);
      await sleep(pauseBetweenAttemptsMs, undefined, { signal }).catch(() => undefined);
      throwIfAborted(signal);
    }
  }
}

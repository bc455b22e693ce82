import prettyMs from 'pretty-ms';
import { Failure, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { afterAbort } from './after-abort.ts';
import type { Ending } from './run-event.ts';
import type { Teller } from './tell.ts';

/** How long a run that was told to end may clean up. The edge ends the process by force a little later. */
const cleanupMs = 18_000;

/** What a backup's work runs within. */
export interface BackupTime {
  readonly timeoutMs: number;
  /** Aborted when the process is told to end. */
  readonly signal: AbortSignal;
  readonly teller: Teller;
  readonly log: Log;
  /** How the run stands now, to be told while the clean-up after this failure goes on for long. */
  readonly standsNow?: (failure: Failure) => Ending;
}

/**
 * Runs a backup's work until `BACKUP_TIMEOUT` or a signal: then the signal that it gets is aborted. People are told while
 * its clean-up takes long, and it is not waited for without end.
 * @param work calls `settled` once nothing can make the run a failure any more.
 * @throws {Failure} what the work throws; the reason of the abort where its clean-up takes too long.
 */
export async function withinTime<T>(
  { timeoutMs, signal: outside, teller, log, standsNow }: BackupTime,
  work: (signal: AbortSignal, settled: () => void) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(
      new Failure('deadline', `the backup was not done after ${prettyMs(timeoutMs)}`, {
        hint: 'Raise BACKUP_TIMEOUT if the database has grown; the log shows where the time went.',
      }),
    );
  }, timeoutMs);
  const signal = AbortSignal.any([outside, deadline.signal]);
  const overdue = Promise.withResolvers<never>();
  const waits = [
    teller.tellEarly(signal, standsNow),
    afterAbort(signal, cleanupMs, () => {
      log.warn('the clean-up was not done in time: an unfinished upload may be left behind, which the next runs sweep');
      overdue.reject(toFailure(signal.reason));
    }),
  ];
  const settled = (): void => {
    for (const wait of waits) wait[Symbol.dispose]();
  };
  try {
    return await Promise.race([overdue.promise, work(signal, settled)]);
  } finally {
    clearTimeout(timer);
    settled();
  }
}

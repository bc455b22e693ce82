import { writeLastFailure } from '../catalog/last-failure.ts';
import type { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import { inTime } from './in-time.ts';

/** A backup that failed, and where to keep that. */
export interface KeptFailure {
  readonly store: Store;
  readonly database: string;
  readonly runId: string;
  readonly failure: Failure;
  /** How long the store may take, in ms. */
  readonly withinMs: number;
  readonly redact: (text: string) => string;
  readonly log: Log;
}

/** Keeps the failure in the store, for the report and so that the first success after it can be told. Never rejects. */
export async function keepFailure(kept: KeptFailure): Promise<void> {
  const { store, database, runId, failure, withinMs, redact, log } = kept;
  const { kind, exitCode, message } = failure;
  const failedAt = new Date().toISOString();
  try {
    await inTime(withinMs, 'the store', (signal) =>
      writeLastFailure(store, { database, runId, failedAt, exitCode, kind, error: redact(message) }, signal),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.info(`the failure was not kept in the store, for the report and the first success after it: ${why}`);
  }
}

import * as z from 'zod';
import type { Store } from '../store/store.ts';
import { databaseFolder } from './keys.ts';
import { readText } from './stored-record.ts';

/** The most that is read of it. */
const maxBytes = 64 * 1024;

const schema = z.object({
  schemaVersion: z.literal(1),
  database: z.string(),
  runId: z.string(),
  failedAt: z.iso.datetime(),
  exitCode: z.int(),
  kind: z.string(),
  error: z.string(),
});

/** How the last run of a database that failed did so. Free of secrets. */
export type LastFailure = z.infer<typeof schema>;

/**
 * Where the last failure of a database is kept. It is only ever written, by a run that fails, over the one before: whether
 * it is over by now is seen from the backups, so that a key that may neither read nor delete is enough for that.
 */
export function lastFailureKey(database: string): string {
  return `${databaseFolder(database)}last-failure.json`;
}

/** Whether a key is that of a last failure, which is no part of any backup. */
export function isLastFailureKey(key: string): boolean {
  return /^[^/]+\/last-failure\.json$/.test(key);
}

/** Keeps a failure in place of the one before. Throws what the store throws. */
export async function writeLastFailure(
  store: Store,
  failure: Omit<LastFailure, 'schemaVersion'>,
  signal: AbortSignal,
): Promise<void> {
  const content = `${JSON.stringify({ schemaVersion: 1, ...failure }, null, 2)}\n`;
  const { database, runId } = failure;
  await store.putSmall(lastFailureKey(database), content, {
    runId,
    contentType: 'application/json',
    replace: true,
    signal,
  });
}

/** The last failure of a database; undefined where there is none that can be understood. Throws what the store throws. */
export async function readLastFailure(
  store: Store,
  database: string,
  signal: AbortSignal,
): Promise<LastFailure | undefined> {
  const text = await readText(store, lastFailureKey(database), maxBytes, signal);
  if (text === undefined) return undefined;
  try {
    const read = schema.parse(JSON.parse(text));
    return read.database === database ? read : undefined;
  } catch {
    return undefined; // of a newer version, or not ours: no reason to tell anything
  }
}

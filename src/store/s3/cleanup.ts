import type { Log } from '../../log.ts';
import type { Bucket } from './bucket.ts';
import type { Call } from './client.ts';
import { isMissing, S3Error } from './errors.ts';

const cleanupMs = 10_000;
const abortTries = 3;

/** Where to clean up, and who is told of what could not be. */
export interface CleanupContext {
  readonly bucket: Bucket;
  readonly log: Log;
}

/** Bounds of a whole cleanup: its own, since it happens after the run's signal was aborted. */
export function cleanupCall(): Call {
  return { signal: AbortSignal.timeout(cleanupMs), forMs: cleanupMs };
}

/**
 * Ends an upload and makes sure that it is gone, since a part that arrives late can keep it alive. Never rejects: what
 * cannot be ended is logged as a warning.
 */
export async function endUpload(
  { bucket, log }: CleanupContext,
  key: string,
  uploadId: string,
  call: Call,
): Promise<void> {
  try {
    for (let tries = 1; ; tries += 1) {
      await bucket.abortUpload(key, uploadId, call).catch(ignoreMissing);
      if (await isGone(bucket, key, uploadId, call)) return;
      if (tries === abortTries) throw new Error('the store still lists it');
    }
  } catch (error) {
    log.warn(
      { bucket: bucket.name, key, uploadId, reason: reasonOf(error) },
      'an unfinished upload could not be removed and goes on costing storage: abort it, or let a lifecycle rule do so',
    );
  }
}

/** Ends every upload under exactly this key: what a lost reply to its beginning has left behind, id unknown. */
export async function endStrayUploads(context: CleanupContext, key: string, call: Call): Promise<void> {
  const ids: string[] = [];
  try {
    for await (const upload of context.bucket.listUploads(key, call)) {
      if (upload.key === key) ids.push(upload.uploadId);
    }
  } catch (error) {
    context.log.warn(
      { bucket: context.bucket.name, key, reason: reasonOf(error) },
      'cannot tell whether an unfinished upload is left under this key: a lifecycle rule for unfinished uploads helps',
    );
  }
  for (const id of ids) await endUpload(context, key, id, call);
}

/** Removes the object under the key if this run wrote it. Never rejects: what cannot be removed is logged. */
export async function removeOwnObject(
  { bucket, log }: CleanupContext,
  key: string,
  runId: string,
  call: Call,
): Promise<void> {
  try {
    const head = await bucket.head(key, call);
    if (head.runId === runId) await bucket.delete(key, call);
  } catch (error) {
    if (isMissing(error)) return;
    log.warn(
      { bucket: bucket.name, key, reason: reasonOf(error) },
      'cannot make sure that no incomplete object is left under this key: remove it by hand if it is there',
    );
  }
}

/** True once the store says so, or where it does not let us ask. */
async function isGone(bucket: Bucket, key: string, uploadId: string, call: Call): Promise<boolean> {
  try {
    await bucket.probeUpload(key, uploadId, call);
    return false;
  } catch (error) {
    if (error instanceof S3Error && error.status !== undefined && error.status < 500) return true;
    throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

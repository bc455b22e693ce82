import type { Tags } from '../store.ts';
import { cleanupCall, endStrayUploads, endUpload, type CleanupContext } from './cleanup.ts';
import type { Call } from './client.ts';
import { mayHaveActed, S3Error } from './errors.ts';

/**
 * Begins an upload under the key and ends it again: the rights, the settings and the connection that a backup needs,
 * without storing anything. Rejects with the S3Error of the beginning; an end that is denied is logged as a warning.
 */
export async function checkWritable(
  context: CleanupContext,
  key: string,
  tags: Tags | undefined,
  call: Call,
): Promise<void> {
  call.signal.throwIfAborted();
  let uploadId: string | undefined;
  let strayPossible = false;
  try {
    uploadId = await context.bucket.beginUpload(
      key,
      { runId: 'check', tags },
      {
        ...call,
        onRetry: (trouble, tried) => {
          strayPossible ||= mayHaveActed(trouble);
          call.onRetry?.(trouble, tried);
        },
      },
    );
  } catch (error) {
    strayPossible ||= !(error instanceof S3Error) || mayHaveActed(error);
    throw error;
  } finally {
    const cleanup = cleanupCall();
    if (uploadId !== undefined) await endUpload(context, key, uploadId, cleanup);
    if (strayPossible) await endStrayUploads(context, key, cleanup);
  }
}

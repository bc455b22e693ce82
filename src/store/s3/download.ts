import { Failure } from '../../errors.ts';
import { inBatches } from '../../pipeline/batches.ts';
import { pause, pauseAfter } from '../retry.ts';
import type { Bucket } from './bucket.ts';
import type { Call } from './client.ts';
import { isTransient, readTrouble, S3Error } from './errors.ts';

/** What has no more is not worth two buffers. */
const smallBytes = 4 * 1024 ** 2;

/**
 * The bytes of an object, in pieces that are valid until the next is asked for. A connection that breaks is taken up again
 * where it stopped, by a range of the very same object (its ETag), for as long as bytes go on arriving within the time that
 * the call allows. The announced length is checked, since a reply that was cut short can look like a normal end. Rejects
 * with an S3Error, or a Failure.
 */
export async function* download(
  bucket: Bucket,
  key: string,
  address: string,
  call: Call,
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = 0;
  let total: number | undefined;
  let etag: string | undefined;
  let movedAt = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    const reply = await bucket.get(key, position, etag, call);
    if (reply.from !== position) {
      throw new Failure('store', `could not read ${address} on after a broken connection: the store ignores ranges`);
    }
    total ??= reply.bytes;
    etag ??= reply.etag;
    try {
      const body: AsyncIterable<Uint8Array> = reply.bytes > smallBytes ? inBatches(reply.body) : reply.body;
      for await (const chunk of body) {
        position += chunk.length;
        attempts = 1;
        yield chunk;
        movedAt = performance.now();
      }
      if (position === total) return;
      throw Object.assign(new Error('the reply ended early'), { code: 'ECONNRESET' });
    } catch (error) {
      call.signal.throwIfAborted();
      if (isChecksumMismatch(error)) throw mismatch(address, error);
      const trouble = readTrouble(error);
      const tried = { attempts, elapsedMs: performance.now() - movedAt };
      if (!isTransient(trouble) || tried.elapsedMs > call.forMs)
        throw trouble.code ? new S3Error(trouble, tried, error) : error;
      await pause(pauseAfter(attempts), call.signal);
    }
  }
}

function isChecksumMismatch(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Checksum mismatch');
}

function mismatch(address: string, cause: unknown): Failure {
  return new Failure('verification', `what was read of ${address} does not match the checksum that the store keeps`, {
    hint: 'The store changed data, or something on the way from it did. Do not trust it until that is explained.',
    cause,
  });
}

import { finished, type Readable } from 'node:stream';

const batchBytes = 1024 ** 2;

/**
 * What flows out of a program or a connection, many reads in one piece. Node reads by 64 KiB at most, each into memory of
 * its own: to pass each on by itself costs more than to copy it, and to leave them to the garbage collector costs more
 * than both (69 full collections per GB). **A piece is valid until the next is asked for**: there are two buffers, filled
 * in turn. What there is is given out at once, so a slow writer is not waited for. Iterating throws what the stream is
 * destroyed with, and destroys it where it ends early. To be iterated once, by the only reader of the stream, who may not
 * keep what it has read.
 */
export async function* inBatches(source: Readable): AsyncGenerator<Buffer, void, undefined> {
  let filling: Uint8Array<ArrayBuffer> = Buffer.allocUnsafeSlow(batchBytes);
  let spare: Uint8Array<ArrayBuffer> = Buffer.allocUnsafeSlow(batchBytes);
  // Whose memory can be freed now; not at once, since a parser of HTTP may still be at it.
  let read: ArrayBuffer[] = [];
  const state = {
    filled: 0,
    ended: false,
    failure: undefined as Error | null | undefined,
    wake: () => undefined as unknown,
  };

  source.on('data', (chunk: Buffer<ArrayBuffer>) => {
    const { filled } = state;
    // At the exit of its writer node lets a stream flow that we have paused.
    if (filled + chunk.length > filling.length) filling = larger(filling, filled + chunk.length);
    filling.set(chunk, filled);
    state.filled += chunk.length;
    // Small buffers may share theirs.
    if (chunk.buffer.byteLength === chunk.length) read.push(chunk.buffer);
    if (state.filled > batchBytes / 2) source.pause();
    state.wake();
  });
  finished(source, { writable: false }, (error) => {
    state.ended = true;
    state.failure = error;
    state.wake();
  });
  // Whoever held it back with a listener of this event, which also keeps `data` from being told, has done so until now.
  source.removeAllListeners('readable');

  try {
    for (;;) {
      if (state.filled === 0 && !state.ended) {
        await new Promise<void>((resolve) => {
          // Only after all that can be read now has been read.
          state.wake = () => setImmediate(resolve);
        });
        state.wake = () => undefined;
      }
      if (state.filled > 0) {
        for (const memory of read) memory.transfer(0);
        read = [];
        const piece = Buffer.from(filling.buffer, 0, state.filled);
        [filling, spare] = [spare, filling];
        state.filled = 0;
        if (source.isPaused()) source.resume();
        yield piece;
      } else if (state.ended) {
        if (state.failure) throw state.failure;
        return;
      }
    }
  } finally {
    source.destroy();
  }
}

function larger(buffer: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const copy = Buffer.allocUnsafeSlow(Math.max(bytes, buffer.length * 2));
  copy.set(buffer);
  return copy;
}

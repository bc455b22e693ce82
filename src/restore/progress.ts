import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import type { Log } from '../log.ts';

const intervalMs = 10_000;

/** A stream that is watched while it passes. Stop watching by disposing. */
export interface WatchedReading extends Disposable {
  /** The same bytes again. */
  pass(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** Logs every ten seconds how much of a stored object has been read, how fast, and how long the rest will take. */
export function watchReading(totalBytes: number, log: Log): WatchedReading {
  const started = performance.now();
  let bytes = 0;
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - started;
    const leftMs = bytes > 0 ? (totalBytes / bytes - 1) * elapsedMs : undefined;
    const left = leftMs === undefined ? '' : `, about ${prettyMs(leftMs, { unitCount: 2 })} left`;
    const rate = prettyBytes(bytes / (elapsedMs / 1000));
    log.info(
      { storedBytes: bytes, leftMs },
      `read ${prettyBytes(bytes)} of ${prettyBytes(totalBytes)} at ${rate}/s${left}`,
    );
  }, intervalMs);
  return {
    async *pass(source) {
      for await (const chunk of source) {
        bytes += chunk.length;
        yield chunk;
      }
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}

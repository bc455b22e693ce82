import type { Log } from '../log.ts';
import type { Position } from './position.ts';
import type { Progress } from './progress.ts';

/** A stored object that is read. */
export interface Reading {
  /** What it is, in a word or two, for people. */
  readonly name: string;
  readonly totalBytes: number;
  readonly log: Log;
  /** What is done with it; `read` unless told. */
  readonly step?: Position['step'];
  /** What comes after the last byte. */
  readonly then?: () => string;
  /** The table that is made of it now. */
  readonly table?: () => Position['table'];
}

/** A stream that is followed while it passes. Stop by disposing. */
export interface FollowedReading extends Disposable {
  /** The same bytes again. */
  pass(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** Follows how much of a stored object of known size has been read. */
export function followReading(
  progress: Progress,
  { name, totalBytes, log, step = 'read', then, table }: Reading,
): FollowedReading {
  let bytes = 0;
  const followed = progress.follow({
    name,
    log,
    look: () => ({
      step,
      bytes,
      totalBytes,
      table: table?.(),
      share: totalBytes > 0 ? Math.min(1, bytes / totalBytes) : undefined,
      then: then?.(),
    }),
  });
  return {
    async *pass(source) {
      for await (const chunk of source) {
        bytes += chunk.length;
        yield chunk;
      }
    },
    [Symbol.dispose]: () => {
      followed[Symbol.dispose]();
    },
  };
}

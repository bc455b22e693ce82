import prettyBytes from 'pretty-bytes';
import { Failure } from '../errors.ts';

const mebibyte = 1024 ** 2;
const leastPartBytes = 5 * mebibyte;
const leastAutoPartBytes = 8 * mebibyte;
const mostPartBytes = 5 * 1024 ** 3;
const inFlightBytes = 128 * mebibyte;
/** COPY writes `bytea` as hexadecimal text, twice its size in the database: the worst that an estimate meets. */
const margin = 2;

/** What {@link planParts} decides from. */
export interface PartPlanInput {
  /** Bytes, or `auto`. */
  readonly partSize: 'auto' | number;
  readonly maxParts: number;
  readonly concurrency: number;
  /** An upper estimate of the stream's length in bytes. */
  readonly expectedBytes: number;
  /** How many streams are stored at once, this one among them: they share what may be in flight. */
  readonly streams?: number | undefined;
}

/** How a stream is cut up. */
export interface PartPlan {
  /** The length of every part but the last (Cloudflare R2 insists on equal parts). */
  readonly partBytes: number;
  /** How many parts travel at once. */
  readonly concurrency: number;
  /** The longest stream that fits, in bytes. */
  readonly limitBytes: number;
}

/**
 * Sizes parts up front, since a stream's length is known only at its end and parts may not grow on the way. `auto` is
 * the least whole number of MiB, at least 8, with which twice the expected bytes fit. Large parts travel fewer at once
 * (but at least two), so that about 128 MiB are in flight. Of several streams each has its share of that, in which the
 * part that is being filled is counted, and travels at least one. Throws a `config` Failure when the stream cannot fit.
 */
export function planParts({ partSize, maxParts, concurrency, expectedBytes, streams = 1 }: PartPlanInput): PartPlan {
  const partBytes = partSize === 'auto' ? autoPartBytes(expectedBytes, maxParts) : partSize;
  if (partBytes < leastPartBytes || partBytes > mostPartBytes) {
    throw new Failure('config', `a part size of ${prettyBytes(partBytes, { binary: true })} is not possible`, {
      hint: 'S3 takes parts of 5 MiB to 5 GiB. Correct S3_PART_SIZE, or remove it to have it chosen.',
    });
  }
  const limitBytes = partBytes * maxParts;
  if (expectedBytes > limitBytes) throw outgrown(partBytes, maxParts, `the expected ${size(expectedBytes)} do not fit`);
  const affordable =
    streams === 1
      ? Math.max(2, Math.floor(inFlightBytes / partBytes))
      : Math.max(1, Math.floor(inFlightBytes / streams / partBytes) - 1);
  return { partBytes, concurrency: Math.min(concurrency, affordable), limitBytes };
}

/** The failure of a stream that does not fit into so many parts. */
export function outgrown(partBytes: number, maxParts: number, what: string): Failure {
  return new Failure('config', `${what} into ${maxParts} parts of ${size(partBytes)}`, {
    hint: 'Set S3_PART_SIZE to a larger size, or remove it to have it chosen; check S3_MAX_PARTS.',
  });
}

function autoPartBytes(expectedBytes: number, maxParts: number): number {
  const needed = Math.ceil((expectedBytes * margin) / maxParts / mebibyte) * mebibyte;
  // The margin is given up before the stream is: only what cannot fit at all is refused.
  return Math.min(Math.max(leastAutoPartBytes, needed), mostPartBytes);
}

function size(bytes: number): string {
  return prettyBytes(bytes, { binary: true });
}

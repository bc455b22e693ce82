import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What was counted in a stream that has passed. */
export interface Measure {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Unsigned. */
  readonly crc32: number;
}

/** Counts and hashes a stream while it passes unchanged. */
export class Meter {
  /** Bytes that have passed so far. */
  bytes = 0;
  /** Who the stream is waiting for right now: who writes it, or who reads it. */
  waitingFor: 'source' | 'reader' = 'reader';
  #waitedMs = 0;
  /** Since when it has been waiting for who reads it. */
  #waitingSince: number | undefined;
  #hash = createHash('sha256');
  #crc32 = 0;

  /** The same bytes again; throws what the source throws. */
  async *pass(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    this.waitingFor = 'source';
    for await (const chunk of source) {
      this.bytes += chunk.length;
      this.#hash.update(chunk);
      this.#crc32 = crc32(chunk, this.#crc32);
      this.waitingFor = 'reader';
      this.#waitingSince = performance.now();
      yield chunk;
      this.#waitedMs = this.waitedForReaderMs;
      this.#waitingSince = undefined;
      this.waitingFor = 'source';
    }
    this.waitingFor = 'reader';
    this.#waitingSince = performance.now();
  }

  /**
   * For how many milliseconds the stream has waited for who reads it, until now. After its end it waits for who still
   * works on what it has read.
   */
  get waitedForReaderMs(): number {
    return this.#waitedMs + (this.#waitingSince === undefined ? 0 : performance.now() - this.#waitingSince);
  }

  /** The totals; to be called once, after the stream has ended. */
  result(): Measure {
    return { bytes: this.bytes, sha256: this.#hash.digest('hex'), crc32: this.#crc32 };
  }
}

/** Reads a stream to its end and measures it. */
export async function measure(source: AsyncIterable<Uint8Array>): Promise<Measure> {
  const meter = new Meter();
  for await (const _chunk of meter.pass(source));
  return meter.result();
}

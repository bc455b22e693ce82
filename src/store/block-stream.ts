import { Readable } from 'node:stream';

/** How a {@link BlockStream} reads. */
export interface BlockStreamOptions {
  readonly blockBytes: number;
  /** More than this many bytes is a failure, raised before any byte beyond is passed on. */
  readonly limitBytes: number;
  /** Makes that failure. */
  readonly overLimit: () => Error;
}

/**
 * An async iterable as a stream of equal blocks, each a buffer of its own. Sources hand out slices of larger buffers
 * (a pipe's 64 KiB, a pool); an uploader that collects such slices keeps all of those buffers alive
 * (aws/aws-sdk-js-v3#8286). Counts what it has passed on. Destroying it never waits for the source: a source that has
 * stalled would otherwise keep a failed upload waiting for ever.
 */
export class BlockStream extends Readable {
  /** Bytes taken from the source so far. */
  bytes = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #options: BlockStreamOptions;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>, options: BlockStreamOptions) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#source = source[Symbol.asyncIterator]();
    this.#options = options;
  }

  override _read(): void {
    this.#nextBlock().then(
      (block) => {
        if (this.destroyed) return;
        if (block.length > 0) this.push(block);
        if (block.length < this.#options.blockBytes) this.push(null);
      },
      (error: unknown) => this.destroy(error as Error),
    );
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#rest = new Uint8Array(0);
    Promise.resolve(this.#source.return?.()).catch(() => undefined);
    callback(error);
  }

  /** The next full block; a shorter one, or an empty one, at the end. */
  async #nextBlock(): Promise<Buffer> {
    const { blockBytes, limitBytes, overLimit } = this.#options;
    const block = Buffer.allocUnsafeSlow(blockBytes);
    let filled = 0;
    while (filled < blockBytes) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next();
        if (next.done) return block.subarray(0, filled);
        this.#rest = next.value;
        this.bytes += next.value.length;
        if (this.bytes > limitBytes) throw overLimit();
      }
      const taken = this.#rest.subarray(0, blockBytes - filled);
      block.set(taken, filled);
      filled += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return block;
  }
}

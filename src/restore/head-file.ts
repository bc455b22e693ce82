import { createHash } from 'node:crypto';
import { appendFile, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectRoom, makeScratch, type Scratch } from '../pipeline/scratch.ts';

/** A private file that grows, and moves to another folder where its own becomes too small. Disposing removes it. */
export class HeadFile implements AsyncDisposable {
  bytes = 0;

  readonly #hash = createHash('sha256');
  #scratch: Scratch;

  private constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  /**
   * An empty one with room for so many bytes.
   * @throws {Failure} `config` when no folder has room.
   */
  static async create(bytes: number): Promise<HeadFile> {
    return new HeadFile(await makeScratch(bytes));
  }

  /** Its folder, which nobody else can look into. Changes with {@link reserve}. */
  get folder(): string {
    return this.#scratch.path;
  }

  /** Changes with {@link reserve}. */
  get path(): string {
    return join(this.folder, 'head');
  }

  /** Adds bytes at the end; more than was reserved may fail. */
  async append(chunk: Uint8Array): Promise<void> {
    await appendFile(this.path, chunk, { mode: 0o600 });
    this.#hash.update(chunk);
    this.bytes += chunk.length;
  }

  /**
   * Makes sure that it can grow to so many bytes.
   * @throws {Failure} `config` when no folder has room.
   */
  async reserve(bytes: number): Promise<void> {
    const roomy = await expectRoom(this.folder, bytes - this.bytes).then(
      () => true,
      () => false,
    );
    if (roomy) return;
    const larger = await makeScratch(bytes);
    try {
      await copyFile(this.path, join(larger.path, 'head'));
    } catch (error) {
      await larger[Symbol.asyncDispose]();
      throw error;
    }
    await this.#scratch[Symbol.asyncDispose]();
    this.#scratch = larger;
  }

  /** Of all that was added so far. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scratch[Symbol.asyncDispose]();
  }
}

import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

/** How long removing what a failed run wrote may take in all. */
const removalMs = 10_000;
/** How long the store may take of that to say whose an object is. */
const askMs = 3000;

/**
 * What a run has written so far. Disposing of it removes everything again, newest first and so the manifest before all
 * else, unless {@link WrittenObjects.keep} was called: a run that failed must leave nothing.
 */
export class WrittenObjects implements AsyncDisposable {
  readonly #store: Store;
  readonly #runId: string;
  readonly #log: Log;
  #keys: string[] = [];
  /** A key whose write failed: the store may have it all the same, or it may be somebody else's. */
  #doubtful: string | undefined;

  constructor(store: Store, runId: string, log: Log) {
    this.#store = store;
    this.#runId = runId;
    this.#log = log;
  }

  /** Notes a key that has been written. */
  add(key: string): void {
    this.#keys.push(key);
  }

  /** Writes a small object and notes it. */
  async put(key: string, content: string, contentType: string, signal: AbortSignal): Promise<void> {
    this.#doubtful = key;
    await this.#store.putSmall(key, content, { runId: this.#runId, contentType, signal });
    this.#doubtful = undefined;
    this.add(key);
  }

  /** From now on everything stays. */
  keep(): void {
    this.#keys = [];
    this.#doubtful = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const signal = AbortSignal.timeout(removalMs);
    if (this.#doubtful !== undefined && (await this.#isOurs(this.#doubtful, signal))) this.add(this.#doubtful);
    for (const key of this.#keys.toReversed()) {
      try {
        await this.#store.remove(key, signal);
      } catch (error) {
        const why = error instanceof Failure ? error.message : 'no answer in time';
        this.#log.warn(`could not remove ${this.#store.describe(key)}, a left-over of this failed run: ${why}`);
      }
    }
  }

  async #isOurs(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      const stored = await this.#store.head(key, AbortSignal.any([signal, AbortSignal.timeout(askMs)]));
      return stored !== undefined && (stored.runId === undefined || stored.runId === this.#runId);
    } catch {
      // The store does not say. The key bears this run's random id, so trying to remove it harms nobody.
      return true;
    }
  }
}

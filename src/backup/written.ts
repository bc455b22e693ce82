import { setTimeout as sleep } from 'node:timers/promises';
import { fileNames } from '../catalog/keys.ts';
import { readBytes } from '../catalog/stored-record.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import { sideBySide } from '../pipeline/side-by-side.ts';
import type { Store, Tags } from '../store/store.ts';

/** How long removing what a failed run wrote may take in all. */
const removalMs = 10_000;
/** A backup may be many objects, of which each takes a request or two. */
const removedAtOnce = 8;
/** How long the store may take of that to say whose an object is. */
const askMs = 3000;
/** A write that is under way when the run is told to end is seen through for so long: then its outcome is known. */
const seeThroughMs = 4000;
/** A write whose outcome is not known may still take effect; so long after it failed the store is asked once more. */
const lateMs = 5000;

/**
 * What a run has written so far. Disposing of it removes everything again, the newest first and so the manifest before all
 * else, then several at once, unless {@link WrittenObjects.keep} was called: a run that failed must leave nothing.
 */
export class WrittenObjects implements AsyncDisposable {
  readonly #store: Store;
  readonly #runId: string;
  readonly #tags: Tags | undefined;
  readonly #log: Log;
  readonly #readBack: boolean;
  #keys: string[] = [];
  /** A key whose write failed: the store may have it all the same, or get it later, or it may be somebody else's. */
  #doubtful: string | undefined;

  /** @param readBack what is put is read again and compared, as the dump is. */
  constructor(store: Store, runId: string, tags: Tags | undefined, log: Log, readBack = false) {
    this.#store = store;
    this.#runId = runId;
    this.#tags = tags;
    this.#log = log;
    this.#readBack = readBack;
  }

  /** Notes a key that has been written. */
  add(key: string): void {
    this.#keys.push(key);
  }

  /**
   * Writes a small object and notes it. Throws the signal's reason also where the object was stored after an abort.
   * @throws {Failure} `verification` where it is read back, and is another.
   */
  async put(key: string, content: string, contentType: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const overdue = new AbortController();
    const seeThrough = (): void => {
      setTimeout(() => {
        overdue.abort(signal.reason);
      }, seeThroughMs).unref();
    };
    signal.addEventListener('abort', seeThrough, { once: true });
    this.#doubtful = key;
    try {
      const mark = { runId: this.#runId, tags: this.#tags };
      await this.#store.putSmall(key, content, { ...mark, contentType, signal: overdue.signal });
    } finally {
      signal.removeEventListener('abort', seeThrough);
    }
    this.#doubtful = undefined;
    this.add(key);
    throwIfAborted(signal);
    if (this.#readBack) await this.#compare(key, Buffer.from(content), signal);
  }

  async #compare(key: string, sent: Buffer, signal: AbortSignal): Promise<void> {
    const stored = await readBytes(this.#store, key, sent.length, signal);
    if (stored?.equals(sent) === true) return;
    throw new Failure('verification', `${this.#store.describe(key)} reads back as something else than was sent`, {
      hint: 'The store changed data. Do not trust it until its operator has explained this.',
    });
  }

  /** From now on everything stays. */
  keep(): void {
    this.#keys = [];
    this.#doubtful = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const began = performance.now();
    const signal = AbortSignal.timeout(removalMs);
    const doubtful = this.#doubtful;
    if (doubtful !== undefined && (await this.#mayBeOurs(doubtful, signal))) this.add(doubtful);
    const [newest, ...older] = this.#keys.toReversed();
    if (newest !== undefined) await this.#remove(newest, signal);
    // Its own time is over after removalMs, and then each key that is left is told.
    await sideBySide(older, removedAtOnce, new AbortController().signal, (key) => this.#remove(key, signal));
    // A manifest that appears after all would make a backup of what is gone.
    if (doubtful?.endsWith(fileNames.manifest) === true && this.#keys.includes(doubtful)) {
      await sleep(Math.max(0, lateMs - (performance.now() - began)));
      await this.#remove(doubtful, signal);
    }
  }

  async #remove(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#store.remove(key, signal);
    } catch (error) {
      const why = error instanceof Failure ? error.message : 'no answer in time';
      this.#log.warn(`could not remove ${this.#store.describe(key)}, a left-over of this failed run: ${why}`);
    }
  }

  /** False only where the store says that it is another run's. The key bears this run's random id. */
  async #mayBeOurs(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      const stored = await this.#store.head(key, AbortSignal.any([signal, AbortSignal.timeout(askMs)]));
      return stored?.runId === undefined || stored.runId === this.#runId;
    } catch {
      return true;
    }
  }
}

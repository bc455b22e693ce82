import { setMaxListeners } from 'node:events';
import { Failure } from '../../errors.ts';
import { PartCutter } from '../part-cutter.ts';
import { outgrown, type PartPlan } from '../part-size.ts';
import type { PutStreamOptions } from '../store.ts';
import { cleanupCall, endStrayUploads, endUpload, removeOwnObject, type CleanupContext } from './cleanup.ts';
import type { Call } from './client.ts';
import { mayHaveActed, S3Error } from './errors.ts';

/** What is fixed for every stream of a store. */
export interface PutStreamContext extends CleanupContext {
  readonly plan: PartPlan;
  readonly maxParts: number;
  readonly ifNoneMatch: boolean;
  /** The store may forget tags and lock of an object that comes in parts: older gateways of Ceph do. */
  readonly markAgain: boolean;
  readonly call: Call;
  /** The object's address, for messages. */
  readonly address: string;
}

/**
 * One streamed upload from beginning to end. Owns everything that lib-storage leaves open: one failure stops all
 * requests in flight, then the upload is ended and what appeared nevertheless removed, and the first error is the one
 * that is thrown. A final request whose reply was lost is settled by asking the store whose object is there.
 */
export class StreamedUpload {
  readonly #context: PutStreamContext;
  readonly #key: string;
  readonly #options: PutStreamOptions;
  readonly #body: AsyncIterable<Uint8Array>;
  readonly #cutter: PartCutter;
  readonly #stop = new AbortController();
  readonly #requests = new Set<Promise<unknown>>();
  #first: { readonly error: unknown } | undefined;
  #uploadId: string | undefined;
  #strayPossible = false;
  #finalSent = false;

  constructor(context: PutStreamContext, key: string, body: AsyncIterable<Uint8Array>, options: PutStreamOptions) {
    const { plan, maxParts } = context;
    this.#context = context;
    this.#key = key;
    this.#options = options;
    this.#body = body;
    this.#cutter = new PartCutter({
      ...plan,
      overLimit: () => outgrown(plan.partBytes, maxParts, 'the stream is longer than expected and does not fit'),
    });
  }

  /** Runs the upload; call it once. Rejects with an S3Error, a Failure, or the body's own error. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#fail(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    setMaxListeners(0, this.#stop.signal);
    try {
      await this.#upload();
    } catch (error) {
      this.#fail(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      await Promise.allSettled(this.#requests);
    }
    if (this.#first && !(await this.#isStoredAnyway())) {
      await this.#cleanUp();
      throw this.#first.error;
    }
    if (this.#strayPossible) await endStrayUploads(this.#context, this.#key, cleanupCall());
    await this.#markAgain();
  }

  async #markAgain(): Promise<void> {
    const { tags, signal } = this.#options;
    const { bucket, markAgain, call } = this.#context;
    if (!markAgain || this.#uploadId === undefined) return;
    try {
      await bucket.markAgain(this.#key, tags, { ...call, signal });
    } catch (error) {
      await this.#cleanUp();
      throw error;
    }
  }

  async #upload(): Promise<void> {
    this.#stop.signal.throwIfAborted();
    const { bucket, plan, ifNoneMatch, call } = this.#context;
    const { runId, tags } = this.#options;
    const input = {
      key: this.#key,
      body: this.#body,
      cutter: this.#cutter,
      mark: { runId, tags },
      ifNoneMatch,
      ...plan,
    };
    await bucket.upload(
      input,
      {
        request: (outcome, kind) => this.#onRequest(outcome, kind),
        begun: (uploadId) => (this.#uploadId = uploadId),
        retried: (kind, trouble) => (this.#strayPossible ||= kind === 'begin' && mayHaveActed(trouble)),
        stored: (bytes) => this.#options.onStored?.(bytes),
      },
      { ...call, signal: this.#stop.signal },
    );
  }

  #onRequest(outcome: Promise<unknown>, kind: 'begin' | 'part' | 'final'): void {
    if (kind === 'final') this.#finalSent = true;
    const tracked = outcome
      .catch((error: unknown) => {
        // The reply to a beginning may have been lost: then there is an upload whose id nobody knows.
        if (kind === 'begin' && (!(error instanceof S3Error) || mayHaveActed(error))) this.#strayPossible = true;
        this.#fail(error);
      })
      .finally(() => this.#requests.delete(tracked));
    this.#requests.add(tracked);
  }

  #fail(error: unknown): void {
    if (this.#first) return;
    this.#first = { error };
    this.#stop.abort(error);
  }

  /** True when only the reply to the final request was lost: the object is there, ours, and as long as the stream. */
  async #isStoredAnyway(): Promise<boolean> {
    if (!this.#finalSent || this.#options.signal.aborted || !(this.#first?.error instanceof S3Error)) return false;
    const { bucket, call } = this.#context;
    const bounds: Call = this.#first.error.status === 412 ? call : cleanupCall();
    try {
      const head = await bucket.head(this.#key, { ...bounds, signal: this.#options.signal });
      if (head.runId === this.#options.runId) return head.bytes === this.#cutter.bytes;
      if (this.#first.error.status === 412) {
        this.#first = { error: alreadyExists(this.#context.address, this.#first.error) };
      }
      return false;
    } catch {
      return false;
    }
  }

  async #cleanUp(): Promise<void> {
    const call = cleanupCall();
    if (this.#uploadId !== undefined) await endUpload(this.#context, this.#key, this.#uploadId, call);
    if (this.#strayPossible) await endStrayUploads(this.#context, this.#key, call);
    if (this.#finalSent) await removeOwnObject(this.#context, this.#key, this.#options.runId, call);
  }
}

/** The failure of a write to a key that holds another run's object. */
export function alreadyExists(address: string, cause: unknown): Failure {
  return new Failure('store', `could not store ${address}: an object of another run already exists there`, { cause });
}

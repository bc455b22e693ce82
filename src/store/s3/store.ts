import prettyMs from 'pretty-ms';
import type { S3StoreConfig } from '../../config/config.ts';
import type { Log } from '../../log.ts';
import { planParts } from '../part-size.ts';
import type { PutSmallOptions, PutStreamOptions, Store, StoredObject, Tags } from '../store.ts';
import { Bucket } from './bucket.ts';
import { checkWritable } from './check-writable.ts';
import { type Call, firstAnswerWithinMs } from './client.ts';
import { connectionWords } from './connection-errors.ts';
import { download } from './download.ts';
import { isMissing, isNotImplemented, S3Error, toStoreFailure } from './errors.ts';
import { lookUp } from './lookup.ts';
import { alreadyExists, StreamedUpload } from './put-stream.ts';

/** For what must not wait long: a check before the work, and removals, which the next run makes up for. */
const checkForMs = 30_000;
/** How long a store may be silent before somebody who waits is told. */
const silentMs = 3000;

/** A store in an S3 bucket, under a prefix. */
export class S3Store implements Store {
  readonly location: string;
  readonly #config: S3StoreConfig;
  readonly #log: Log;
  readonly #bucket: Bucket;
  /** False where the store does not know conditional writes, or once it has said so. */
  #conditional: boolean;
  #toldSilent = false;

  constructor(config: S3StoreConfig, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#bucket = new Bucket(config);
    this.#conditional = config.conditionalWrites !== 'none';
    this.location = `s3://${[config.bucket, config.prefix].filter(Boolean).join('/')}`;
  }

  describe(key: string): string {
    return `${this.location}/${key}`;
  }

  async checkWritable(key: string, signal: AbortSignal, tags?: Tags): Promise<void> {
    const call = this.#call('checkWritable', signal, Math.min(this.#config.retryForMs, checkForMs));
    const context = { bucket: this.#bucket, log: this.#log };
    await this.#toldOfWrite(`cannot begin an upload to ${this.describe(key)}`, tags, () =>
      checkWritable(context, this.#full(key), tags, call),
    );
  }

  async putStream(key: string, body: AsyncIterable<Uint8Array>, options: PutStreamOptions): Promise<void> {
    const { maxParts, partSize, uploadConcurrency } = this.#config;
    const { expectedBytes, streams, signal } = options;
    const plan = planParts({ partSize, maxParts, concurrency: uploadConcurrency, expectedBytes, streams });
    const context = {
      bucket: this.#bucket,
      log: this.#log,
      plan,
      maxParts,
      markAgain: this.#config.endpoint !== undefined,
      ifNoneMatch: this.#config.conditionalWrites === 'all',
      call: this.#call('putStream', signal),
      address: this.describe(key),
    };
    const upload = new StreamedUpload(context, this.#full(key), body, options);
    await this.#toldOfWrite(`could not store ${this.describe(key)}`, options.tags, () => upload.run());
  }

  async putSmall(key: string, content: string, options: PutSmallOptions): Promise<void> {
    await this.#toldOfWrite(`could not store ${this.describe(key)}`, options.tags, async () => {
      try {
        await this.#put(key, content, options);
      } catch (error) {
        if (!this.#conditional || !isNotImplemented(error)) throw error;
        this.#conditional = false;
        this.#log.info(
          { bucket: this.#bucket.name },
          'the store does not know conditional writes: writing without them',
        );
        await this.#put(key, content, options);
      }
    });
  }

  async head(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    const hint = 's3:GetObject (and s3:ListBucket, without which a missing object looks like a forbidden one)';
    const head = await this.#told(`could not look up ${this.describe(key)}`, hint, () =>
      lookUp(this.#bucket, this.#full(key), this.#call('head', signal)),
    );
    return head && { key, ...head };
  }

  async *get(key: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* download(this.#bucket, this.#full(key), this.describe(key), this.#call('get', signal));
    } catch (error) {
      throw this.#failure(error, `could not read ${this.describe(key)}`, 's3:GetObject');
    }
  }

  async *list(prefix: string, signal: AbortSignal, after = ''): AsyncGenerator<StoredObject, void, undefined> {
    const call = this.#call('list', signal);
    try {
      for await (const object of this.#bucket.list(this.#full(prefix), after && this.#full(after), call)) {
        const key = this.#relative(object.key);
        // Compared here, too: a store that does not know `StartAfter` lists all.
        if (key?.startsWith(prefix) && key > after) yield { ...object, key };
      }
    } catch (error) {
      throw this.#failure(error, `could not list ${this.describe(prefix)}`, 's3:ListBucket');
    }
  }

  async *folders(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    try {
      for await (const folder of this.#bucket.listFolders(this.#full(''), this.#call('folders', signal))) {
        const name = this.#relative(folder);
        if (name !== undefined) yield name.slice(0, -1);
      }
    } catch (error) {
      throw this.#failure(error, `could not list ${this.location}`, 's3:ListBucket');
    }
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    const call = this.#call('remove', signal, Math.min(this.#config.retryForMs, checkForMs));
    await this.#told(`could not remove ${this.describe(key)}`, 's3:DeleteObject', () =>
      this.#bucket.delete(this.#full(key), call).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      }),
    );
  }

  async sweepUnfinished(prefix: string, before: Date, signal: AbortSignal): Promise<number> {
    const full = this.#full(prefix);
    const call = this.#call('sweepUnfinished', signal, Math.min(this.#config.retryForMs, checkForMs));
    let ended = 0;
    try {
      for await (const upload of this.#bucket.listUploads(full, call)) {
        if (!upload.key.startsWith(full) || upload.initiated >= before) continue;
        await this.#bucket.abortUpload(upload.key, upload.uploadId, call).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
        ended += 1;
      }
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      this.#log.info(
        { reason: error.message, location: this.describe(prefix) },
        'unfinished uploads cannot be swept here',
      );
    }
    return ended;
  }

  close(): void {
    this.#bucket.close();
  }

  async #put(key: string, content: string, { signal, ...mark }: PutSmallOptions): Promise<void> {
    const call = this.#call('putSmall', signal);
    const full = this.#full(key);
    try {
      await this.#bucket.put(full, content, mark, this.#conditional && mark.replace !== true, call);
    } catch (error) {
      if (!(error instanceof S3Error) || error.status !== 412) throw error;
      // Either another run's object is there, or our own first try was stored and only its reply was lost.
      const head = await lookUp(this.#bucket, full, call);
      const isOurs = head?.runId === mark.runId && head.bytes === Buffer.byteLength(content);
      if (!isOurs) throw alreadyExists(this.describe(key), error);
    }
  }

  #call(operation: string, signal: AbortSignal, forMs = this.#config.retryForMs): Call {
    return {
      signal,
      forMs,
      onRetry: ({ code, status }, { attempts, elapsedMs }) => {
        const fields = { operation, attempts, elapsedMs: Math.round(elapsedMs), code, status };
        this.#log.debug(fields, 'trying a request again');
        if (this.#bucket.answered || this.#toldSilent || elapsedMs < silentMs) return;
        this.#toldSilent = true;
        const patience = prettyMs(Math.min(forMs, firstAnswerWithinMs));
        this.#log.warn(`${this.location} does not answer (${connectionWords(code) ?? code}); trying for ${patience}`);
      },
    };
  }

  #full(key: string): string {
    return this.#config.prefix === '' ? key : `${this.#config.prefix}/${key}`;
  }

  #relative(full: string): string | undefined {
    const start = this.#full('');
    return full.startsWith(start) && full.length > start.length ? full.slice(start.length) : undefined;
  }

  async #told<T>(what: string, permission: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw this.#failure(error, what, permission);
    }
  }

  async #toldOfWrite<T>(what: string, tags: Tags | undefined, action: () => Promise<T>): Promise<T> {
    const tagged = tags !== undefined;
    const locked = this.#config.objectLock !== undefined;
    const permission = `s3:PutObject${tagged ? ', s3:PutObjectTagging' : ''}${locked ? ', s3:PutObjectRetention' : ''}`;
    try {
      return await action();
    } catch (error) {
      throw toStoreFailure(error, { what, permission, tagged, locked });
    }
  }

  #failure(error: unknown, what: string, permission: string): unknown {
    return toStoreFailure(error, { what, permission });
  }
}

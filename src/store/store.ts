/** One object as the store describes it. */
export interface StoredObject {
  /** Relative to the store's root: the prefix of a bucket, the folder of a directory. */
  readonly key: string;
  readonly bytes: number;
  readonly lastModified: Date;
  /** The run that wrote it, where the store returns metadata (S3 `head`; undefined from `list` and on a directory). */
  readonly runId?: string | undefined;
  /** CRC-32 of the whole object as the store computed it, unsigned, only where it vouches for the full object. */
  readonly crc32?: number | undefined;
}

/** Tags of an object by their names. */
export type Tags = Readonly<Record<string, string>>;

/** What a streamed upload needs to know beforehand. */
export interface PutStreamOptions {
  /** Kept with the object, so that a lost reply can be settled by asking whose object it is. */
  readonly runId: string;
  /** An upper estimate of the stream's length in bytes: parts are sized so that it fits the store's part limit. */
  readonly expectedBytes: number;
  /** How many streams are stored at once, this one among them: they share the memory that one alone would have. */
  readonly streams?: number | undefined;
  /** Aborts with a Failure as its reason, which is then what is thrown. */
  readonly signal: AbortSignal;
  /** Tags of the object, plain words each; a store without tags ignores them. */
  readonly tags?: Tags | undefined;
  /** Called with the number of bytes that the store has acknowledged so far. */
  readonly onStored?: (bytes: number) => void;
}

/** What a small write needs to know. */
export interface PutSmallOptions {
  readonly runId: string;
  readonly contentType: string;
  /** See {@link PutStreamOptions}. */
  readonly tags?: Tags | undefined;
  /** The key may be taken, and its object is then replaced. It is no part of a backup: never locked, never cached. */
  readonly replace?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * Where backups live. Keys use `/` and are relative to the store's root. All methods reject with a Failure of kind
 * `store` (74: not reachable, failed for good), `denied` (77: credentials or permission refused) or `config` (78: no
 * such bucket, wrong region), naming bucket and key; transient trouble is retried inside. An abort of the signal rejects
 * with its reason, and nothing is written afterwards.
 */
export interface Store {
  /** For people: `s3://bucket/prefix` or `file:///dir`. Holds no secret. */
  readonly location: string;
  /** For people: the whole address of one key. */
  describe(key: string): string;
  /**
   * Proves, before anything expensive starts, that the store can be reached and lets us begin and abort an upload under
   * this key, with such tags as a write would have. Leaves nothing behind. Gives up sooner than a write would.
   */
  checkWritable(key: string, signal: AbortSignal, tags?: Tags): Promise<void>;
  /**
   * Stores a stream of unknown length under a new key. Resolves only when the store has the whole stream. The stream's
   * normal end means success of all that produced it; when it throws, that error is what is thrown. After a rejection
   * there is no open upload and, if it is ours, no object: what could not be removed is logged as a warning.
   */
  putStream(key: string, body: AsyncIterable<Uint8Array>, options: PutStreamOptions): Promise<void>;
  /** Stores a small object under a new key, atomically. Never overwrites an object of another run, unless told to. */
  putSmall(key: string, content: string, options: PutSmallOptions): Promise<void>;
  /** The object's description, or undefined when there is none. Retries a miss briefly: stores may show it late. */
  head(key: string, signal: AbortSignal): Promise<StoredObject | undefined>;
  /**
   * The object's bytes, in pieces that are valid until the next is asked for. Iterating rejects when the object is missing
   * or the reply was cut short; a connection that breaks in the middle is resumed where it stopped. The caller iterates to
   * the end or calls `return`.
   */
  get(key: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /**
   * Every object whose key starts with the prefix, in key order, page by page; with `after`, of plain ASCII, only those
   * whose keys are behind it. Whoever stops iterating stops the paging.
   */
  list(prefix: string, signal: AbortSignal, after?: string): AsyncIterable<StoredObject>;
  /** The names of the folders at the store's root, in order, without the objects in them. Some may hold none. */
  folders(signal: AbortSignal): AsyncIterable<string>;
  /** Removes one object; a missing one is no error. */
  remove(key: string, signal: AbortSignal): Promise<void>;
  /**
   * Ends unfinished uploads under the prefix that were begun before the given time: what a killed run left behind.
   * Resolves to how many were ended. A store that cannot list them, or does not let us, is no error: 0, logged.
   */
  sweepUnfinished(prefix: string, before: Date, signal: AbortSignal): Promise<number>;
  /** Closes connections. Call once, when nothing is under way. */
  close(): void;
}

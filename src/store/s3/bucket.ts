import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type PutObjectCommandInput,
  type StorageClass,
} from '@aws-sdk/client-s3';
import type { S3StoreConfig } from '../../config/config.ts';
import type { Tags } from '../store.ts';
import { RetryingClient, type Call } from './client.ts';
import { listFolders, listObjects, type ListedObject } from './listing.ts';
import { md5Of, uploadByLibStorage, type Mark, type StreamInput, type UploadObserver } from './upload.ts';

const runIdName = 'pg-offsite-run';
const archiveClasses = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** What a HEAD tells. */
export interface ObjectHead {
  readonly bytes: number;
  readonly lastModified: Date;
  readonly runId: string | undefined;
  readonly crc32: number | undefined;
}

/** An answer to a GET. `bytes` is the length of this answer's body; `from` is where in the object it begins. */
export interface ObjectBody {
  readonly body: Readable;
  readonly from: number;
  readonly bytes: number;
  readonly etag: string | undefined;
}

/** How a small object is stored besides its bytes. */
export interface SmallForm {
  readonly contentType: string;
  /** It may change: no cache may keep it, and no lock may hold it. */
  readonly replace?: boolean | undefined;
}

/** One listed upload. */
export interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
}

/**
 * One bucket, over the AWS SDK; with client.ts, listing.ts and upload.ts the only file that knows the SDK. Keys are whole keys of the bucket. Every call is
 * tried again while its trouble can pass and rejects with an `S3Error`, or with the signal's reason.
 */
export class Bucket {
  readonly name: string;
  readonly #config: S3StoreConfig;
  readonly #checksums: 'required' | 'supported';
  readonly #client: RetryingClient;

  constructor(config: S3StoreConfig) {
    this.name = config.bucket;
    this.#config = config;
    this.#checksums = config.checksums;
    this.#client = new RetryingClient(config, config.checksums);
  }

  /** True once the store has answered a request, with whatever. */
  get answered(): boolean {
    return this.#client.answered;
  }

  /** Stores a small object in one request. */
  async put(
    key: string,
    content: string,
    { contentType, replace = false, ...mark }: Mark & SmallForm,
    ifNoneMatch: boolean,
    call: Call,
  ): Promise<void> {
    const { ObjectLockMode, ObjectLockRetainUntilDate, ...params } = this.#writeParams(key, mark, true);
    const form = replace ? { CacheControl: 'no-cache' } : { ObjectLockMode, ObjectLockRetainUntilDate };
    const md5 = this.#md5 ? { ContentMD5: md5Of(content) } : {};
    const body = { Body: Buffer.from(content), ContentType: contentType, ...md5 };
    await this.#client.send(new PutObjectCommand({ ...params, ...form, ...body, ...condition(ifNoneMatch) }), call);
  }

  /** Begins a multipart upload and resolves to its id. */
  async beginUpload(key: string, mark: Mark, call: Call): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.#writeParams(key, mark), ...this.#wholeChecksum() });
    const { UploadId } = await this.#client.send(command, call);
    return UploadId ?? '';
  }

  async abortUpload(key: string, uploadId: string, call: Call): Promise<void> {
    await this.#client.send(new AbortMultipartUploadCommand({ Bucket: this.name, Key: key, UploadId: uploadId }), call);
  }

  /** Resolves where the upload is still open, and rejects with 404 where it is gone. */
  async probeUpload(key: string, uploadId: string, call: Call): Promise<void> {
    const input = { Bucket: this.name, Key: key, UploadId: uploadId, MaxParts: 1 };
    await this.#client.send(new ListPartsCommand(input), call);
  }

  /** Open uploads whose key starts with the prefix. */
  async *listUploads(prefix: string, call: Call): AsyncGenerator<ListedUpload> {
    let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    for (;;) {
      const input = { Bucket: this.name, Prefix: prefix, ...markers };
      const page = await this.#client.send(new ListMultipartUploadsCommand(input), call);
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key && UploadId && Initiated) yield { key: Key, uploadId: UploadId, initiated: Initiated };
      }
      const next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      const isNext = next.KeyMarker !== markers.KeyMarker || next.UploadIdMarker !== markers.UploadIdMarker;
      if (!page.IsTruncated || !isNext) return;
      markers = next;
    }
  }

  async head(key: string, call: Call): Promise<ObjectHead> {
    const mode = this.#checksums === 'supported' ? ({ ChecksumMode: 'ENABLED' } as const) : {};
    const head = await this.#client.send(new HeadObjectCommand({ Bucket: this.name, Key: key, ...mode }), call);
    const { ChecksumCRC32: crc, ChecksumType: type } = head;
    const vouched = crc !== undefined && type !== 'COMPOSITE' && /^[A-Za-z0-9+/]{6}==$/.test(crc);
    return {
      bytes: head.ContentLength ?? 0,
      lastModified: head.LastModified ?? new Date(0),
      runId: head.Metadata?.[runIdName],
      crc32: vouched ? Buffer.from(crc, 'base64').readUInt32BE() : undefined,
    };
  }

  /** The object from a byte on; with an ETag only while it is that very object. */
  async get(key: string, from: number, etag: string | undefined, call: Call): Promise<ObjectBody> {
    const range = from > 0 ? { Range: `bytes=${from}-` } : {};
    const match = from > 0 && etag ? { IfMatch: etag } : {};
    const reply = await this.#client.send(
      new GetObjectCommand({ Bucket: this.name, Key: key, ...range, ...match }),
      call,
    );
    return {
      body: reply.Body as Readable,
      from: Number(/^bytes (\d+)-/.exec(reply.ContentRange ?? '')?.[1] ?? 0),
      bytes: reply.ContentLength ?? 0,
      etag: reply.ETag,
    };
  }

  /** See {@link listObjects}; an empty `after` is none. */
  list(prefix: string, after: string, call: Call): AsyncGenerator<ListedObject> {
    return listObjects({ client: this.#client, bucket: this.name, prefix }, after === '' ? undefined : after, call);
  }

  /** See {@link listFolders}. */
  listFolders(prefix: string, call: Call): AsyncGenerator<string> {
    return listFolders({ client: this.#client, bucket: this.name, prefix }, call);
  }

  async delete(key: string, call: Call): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key }), call);
  }

  /** Gives an object the tags and the lock that its upload should have given it. */
  async markAgain(key: string, tags: Tags | undefined, call: Call): Promise<void> {
    const object = { Bucket: this.name, Key: key };
    const TagSet = Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    if (tags) await this.#client.send(new PutObjectTaggingCommand({ ...object, Tagging: { TagSet } }), call);
    const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: RetainUntilDate } = this.#lock();
    const Retention = { Mode, RetainUntilDate };
    if (Mode) await this.#client.send(new PutObjectRetentionCommand({ ...object, Retention }), call);
  }

  /** Stores a stream in parts; what is left behind after a failure is left to the caller. */
  async upload(input: Omit<StreamInput, 'md5'>, observer: UploadObserver, call: Call): Promise<void> {
    const { key, mark, ifNoneMatch } = input;
    const params = { ...this.#writeParams(key, mark), ...this.#wholeChecksum(), ...condition(ifNoneMatch) };
    await uploadByLibStorage(this.#client, params, { ...input, md5: this.#md5 }, observer, call);
  }

  close(): void {
    this.#client.close();
  }

  #writeParams(key: string, { runId, tags }: Mark, isSmall = false) {
    const { storageClass, sse, sseKmsKeyId } = this.#config;
    // A manifest in an archive class could not be read, and the backup not be found.
    const plainClass = storageClass === undefined || (isSmall && archiveClasses.has(storageClass));
    return {
      Bucket: this.name,
      Key: key,
      Metadata: { [runIdName]: runId },
      ...(tags && { Tagging: new URLSearchParams(tags).toString() }),
      ...(plainClass ? {} : { StorageClass: storageClass as StorageClass }),
      ...(sse && { ServerSideEncryption: sse }),
      ...(sseKmsKeyId !== undefined && { SSEKMSKeyId: sseKmsKeyId }),
      ...this.#lock(),
    };
  }

  /** Locked objects need a checksum, and where the SDK's are off there is none yet. */
  get #md5(): boolean {
    return this.#config.objectLock !== undefined && this.#checksums === 'required';
  }

  /** What keeps an object that is written now. */
  #lock(): Pick<PutObjectCommandInput, 'ObjectLockMode' | 'ObjectLockRetainUntilDate'> {
    const { objectLock } = this.#config;
    if (!objectLock) return {};
    return {
      ObjectLockMode: objectLock.mode,
      ObjectLockRetainUntilDate: new Date(Date.now() + objectLock.forMs),
    };
  }

  /** A CRC-32 of the whole object and not of its parts' checksums, so that a HEAD proves what was stored. */
  #wholeChecksum() {
    return this.#checksums === 'supported'
      ? ({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const)
      : {};
  }
}

function condition(ifNoneMatch: boolean) {
  return ifNoneMatch ? { IfNoneMatch: '*' } : {};
}

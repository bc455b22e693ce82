import { createHash, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { HashInOrder } from './hash-in-order.ts';

/** Bytes as the server keeps them: in discard mode only their size and checksums. */
export interface Stored {
  readonly bytes: number;
  readonly data: Buffer | undefined;
  readonly etag: string;
  readonly crc32: number;
}

/** An object of a bucket. */
export interface MemoryObject extends Stored {
  readonly key: string;
  readonly lastModified: Date;
  /** Request headers that are kept with an object: `x-amz-meta-*`, content type, storage class, encryption, lock. */
  readonly headers: Readonly<Record<string, string>>;
  /** How many parts it was made of; 0 for a plain put. */
  readonly parts: number;
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE';
}

/** A multipart upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiated: Date;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, Stored>;
  /** Of all parts together, where the server was asked for it. */
  readonly hash: HashInOrder | undefined;
}

/** What a completed upload turned into, or the S3 error code that says why not. */
export type Completion = { readonly object: MemoryObject } | { readonly code: string };

/** Everything the server holds: buckets, objects and open uploads, in memory. */
export class Memory {
  readonly buckets = new Map<string, Map<string, MemoryObject>>();
  readonly uploads = new Map<string, OpenUpload>();
  /** Keep sizes and checksums only, so that streams larger than memory can be taken. */
  readonly discard: boolean;
  /** Give an object of several parts the metadata `sha256`, although its bytes are not kept. */
  readonly hash: boolean;

  constructor(buckets: readonly string[], discard: boolean, hash = false) {
    for (const bucket of buckets) this.buckets.set(bucket, new Map());
    this.discard = discard;
    this.hash = hash;
  }

  /** What is kept of a request's body; in discard mode the ETag is cheap to make and no MD5. */
  keep(body: Buffer): Stored {
    const checksum = crc32(body);
    const etag = this.discard
      ? `${checksum.toString(16).padStart(8, '0')}${body.length.toString(16).padStart(24, '0')}`
      : createHash('md5').update(body).digest('hex');
    return { bytes: body.length, data: this.discard ? undefined : body, etag, crc32: checksum };
  }

  put(bucket: string, key: string, stored: Stored, headers: Record<string, string>): MemoryObject {
    const object: MemoryObject = {
      ...stored,
      key,
      headers,
      lastModified: new Date(),
      parts: 0,
      checksumType: 'FULL_OBJECT',
    };
    this.buckets.get(bucket)?.set(key, object);
    return object;
  }

  begin(bucket: string, key: string, headers: Record<string, string>): OpenUpload {
    const uploadId = randomUUID();
    const upload = {
      bucket,
      key,
      uploadId,
      initiated: new Date(),
      headers,
      parts: new Map<number, Stored>(),
      hash: this.hash ? new HashInOrder() : undefined,
    };
    this.uploads.set(uploadId, upload);
    return upload;
  }

  /** Joins the listed parts into an object, as strictly as S3 does; with `equalParts` as strictly as R2. */
  complete(
    upload: OpenUpload,
    listed: readonly { number: number; etag: string }[],
    rules: { equalParts: boolean; minPartBytes: number },
  ): Completion {
    const parts: Stored[] = [];
    let previous = 0;
    for (const { number, etag } of listed) {
      const part = upload.parts.get(number);
      if (part?.etag !== etag) return { code: 'InvalidPart' };
      if (number <= previous) return { code: 'InvalidPartOrder' };
      previous = number;
      parts.push(part);
    }
    if (parts.length === 0) return { code: 'MalformedXML' };
    const leading = parts.slice(0, -1);
    if (leading.some((part) => part.bytes < rules.minPartBytes)) return { code: 'EntityTooSmall' };
    if (rules.equalParts && leading.some((part) => part.bytes !== parts[0]?.bytes)) return { code: 'InvalidPart' };
    const data = this.discard ? undefined : Buffer.concat(parts.map((part) => part.data ?? Buffer.alloc(0)));
    const digests = Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex')));
    const object: MemoryObject = {
      key: upload.key,
      headers: { ...upload.headers, ...(upload.hash && { 'x-amz-meta-sha256': upload.hash.digest() }) },
      lastModified: new Date(),
      bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
      data,
      etag: `${createHash('md5').update(digests).digest('hex')}-${parts.length}`,
      crc32: data === undefined ? 0 : crc32(data),
      parts: parts.length,
      checksumType: upload.headers['x-amz-checksum-type'] === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE',
    };
    this.buckets.get(upload.bucket)?.set(upload.key, object);
    this.uploads.delete(upload.uploadId);
    return { object };
  }
}

import { createHash } from 'node:crypto';
import type { S3Call } from './faults.ts';
import { listObjects, listParts, listUploads } from './listing.ts';
import type { Memory, MemoryObject, OpenUpload, Stored } from './memory.ts';
import { empty, errorReply, xml, type Reply } from './reply.ts';
import { parseCompletedParts } from './xml.ts';

/** How strict the server is. */
export interface ServerRules {
  /** All parts but the last must be equally long, as on R2. */
  readonly equalParts: boolean;
  /** The least size of a part that is not the last; 5 MiB on real servers. */
  readonly minPartBytes: number;
  /** Writes need a checksum or Content-MD5 header, as in a bucket with Object Lock. */
  readonly requireChecksum: boolean;
}

/** Does what the call asks for, as S3 would. */
export function perform(
  call: S3Call,
  query: URLSearchParams,
  body: Buffer,
  memory: Memory,
  rules: ServerRules,
  corrupt: boolean,
): Reply {
  if (call.operation === 'ListBuckets') {
    const buckets = [...memory.buckets.keys()].map((Name) => ({ Name, CreationDate: new Date(0).toISOString() }));
    return xml('ListAllMyBucketsResult', { Buckets: { Bucket: buckets } });
  }
  if (call.operation === 'CreateBucket') {
    if (memory.buckets.has(call.bucket)) return errorReply('BucketAlreadyOwnedByYou');
    memory.buckets.set(call.bucket, new Map());
    return empty(200);
  }
  const objects = memory.buckets.get(call.bucket);
  if (objects === undefined) return errorReply('NoSuchBucket', 'The specified bucket does not exist');
  switch (call.operation) {
    case 'HeadBucket':
      return empty(200);
    case 'ListObjectsV2':
      return listObjects(call.bucket, objects, query);
    case 'ListMultipartUploads':
      return listUploads(call.bucket, memory, query);
    case 'GetBucketLifecycle':
    case 'PutBucketLifecycle':
      return errorReply('NotImplemented');
    case 'DeleteObject':
      objects.delete(call.key);
      return empty(204);
    case 'GetObject':
    case 'HeadObject':
      return read(call, objects.get(call.key));
    case 'PutObject': {
      const refused = conditionFails(call, objects) ?? bodyRefused(call, body, rules);
      if (refused) return refused;
      const object = memory.put(call.bucket, call.key, kept(memory, body, corrupt), keptHeaders(call));
      return empty(200, { etag: `"${object.etag}"`, ...echoChecksum(call) });
    }
    case 'PutObjectTagging':
    case 'PutObjectRetention':
      return objects.has(call.key) ? empty(200) : errorReply('NoSuchKey');
    case 'CreateMultipartUpload': {
      const { uploadId } = memory.begin(call.bucket, call.key, keptHeaders(call));
      return xml('InitiateMultipartUploadResult', { Bucket: call.bucket, Key: call.key, UploadId: uploadId });
    }
    default:
      return performOnUpload(call, query, body, memory, rules, corrupt, objects);
  }
}

function performOnUpload(
  call: S3Call,
  query: URLSearchParams,
  body: Buffer,
  memory: Memory,
  rules: ServerRules,
  corrupt: boolean,
  objects: ReadonlyMap<string, MemoryObject>,
): Reply {
  const upload = memory.uploads.get(call.uploadId ?? '');
  if (upload?.key !== call.key) return errorReply('NoSuchUpload', 'The specified upload does not exist');
  switch (call.operation) {
    case 'UploadPart': {
      const refused = bodyRefused(call, body, rules);
      if (refused) return refused;
      const part = kept(memory, body, corrupt);
      upload.parts.set(call.partNumber ?? 0, part);
      upload.hash?.add(call.partNumber ?? 0, body);
      return empty(200, { etag: `"${part.etag}"`, ...echoChecksum(call) });
    }
    case 'ListParts':
      return listParts(upload, query);
    case 'AbortMultipartUpload':
      memory.uploads.delete(upload.uploadId);
      return empty(204);
    case 'CompleteMultipartUpload':
      return conditionFails(call, objects) ?? complete(upload, body, memory, rules);
    default:
      return errorReply('NotImplemented');
  }
}

function complete(upload: OpenUpload, body: Buffer, memory: Memory, rules: ServerRules): Reply {
  const completion = memory.complete(upload, parseCompletedParts(body.toString()), rules);
  if ('code' in completion) {
    const equal = 'All non-trailing parts must have the same length.';
    return errorReply(completion.code, completion.code === 'InvalidPart' && rules.equalParts ? equal : undefined);
  }
  const { bucket, key } = upload;
  return xml('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: `"${completion.object.etag}"` });
}

function read(call: S3Call, object: MemoryObject | undefined): Reply {
  if (object === undefined) return errorReply('NoSuchKey', 'The specified key does not exist.');
  const match = call.headers['if-match'];
  if (match !== undefined && match.replaceAll('"', '') !== object.etag) return errorReply('PreconditionFailed');
  const headers: Record<string, string> = {
    etag: `"${object.etag}"`,
    'last-modified': object.lastModified.toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    ...object.headers,
  };
  delete headers['x-amz-checksum-type'];
  const vouched = object.data !== undefined && object.checksumType === 'FULL_OBJECT';
  if (call.headers['x-amz-checksum-mode'] === 'ENABLED' && vouched && call.headers['range'] === undefined) {
    headers['x-amz-checksum-crc32'] = encodeCrc32(object.crc32);
    headers['x-amz-checksum-type'] = 'FULL_OBJECT';
  }
  if (call.operation === 'HeadObject') return { ...empty(200, headers), announcedBytes: object.bytes };
  if (object.data === undefined) return errorReply('NotImplemented', 'the bytes were not kept');
  const range = /^bytes=(\d+)-(\d*)$/.exec(call.headers['range'] ?? '');
  if (!range) return { status: 200, headers, body: object.data };
  const first = Number(range[1]);
  const last = Math.min(range[2] ? Number(range[2]) : Infinity, object.bytes - 1);
  if (first > last) return errorReply('InvalidRange');
  headers['content-range'] = `bytes ${first}-${last}/${object.bytes}`;
  return { status: 206, headers, body: object.data.subarray(first, last + 1) };
}

function conditionFails(call: S3Call, objects: ReadonlyMap<string, MemoryObject>): Reply | undefined {
  const clash = call.headers['if-none-match'] === '*' && objects.has(call.key);
  return clash ? errorReply('PreconditionFailed', 'At least one of the pre-conditions did not hold') : undefined;
}

function bodyRefused(call: S3Call, body: Buffer, rules: ServerRules): Reply | undefined {
  const sha256 = call.headers['x-amz-content-sha256'] ?? '';
  if (/^[0-9a-f]{64}$/.test(sha256) && createHash('sha256').update(body).digest('hex') !== sha256) {
    return errorReply('XAmzContentSHA256Mismatch');
  }
  const md5 = call.headers['content-md5'];
  if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5) return errorReply('BadDigest');
  if (rules.requireChecksum && !hasChecksum(call)) {
    const text =
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters';
    return errorReply('InvalidRequest', text);
  }
  return undefined;
}

function hasChecksum(call: S3Call): boolean {
  return Object.keys(call.headers).some((name) => /^(content-md5|x-amz-checksum-(crc|sha).*)$/.test(name));
}

function kept(memory: Memory, body: Buffer, corrupt: boolean): Stored {
  if (!corrupt || body.length === 0) return memory.keep(body);
  return { ...memory.keep(body), data: memory.discard ? undefined : flipped(body) };
}

/** A copy with one bit in the middle flipped. */
export function flipped(body: Buffer): Buffer {
  const damaged = Buffer.from(body);
  const middle = damaged.length >> 1;
  if (damaged.length > 0) damaged[middle] = (damaged[middle] ?? 0) ^ 1;
  return damaged;
}

function keptHeaders(call: S3Call): Record<string, string> {
  const wanted = /^(x-amz-(meta-|storage-class|server-side-encryption|object-lock-|checksum-type)|content-type$)/;
  return Object.fromEntries(Object.entries(call.headers).filter(([name]) => wanted.test(name)));
}

function echoChecksum(call: S3Call): Record<string, string> {
  return Object.fromEntries(Object.entries(call.headers).filter(([name]) => /^x-amz-checksum-(crc|sha)/.test(name)));
}

function encodeCrc32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
}

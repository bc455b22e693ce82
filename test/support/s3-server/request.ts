import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Call, S3Operation } from './faults.ts';

/** A request taken apart: the call as it is recorded, and its query. */
export interface ParsedRequest {
  readonly call: S3Call;
  readonly query: URLSearchParams;
}

/** Reads bucket, key and operation from method, path and query (path style only). */
export function parseRequest(request: IncomingMessage): ParsedRequest {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(url.pathname) ?? [];
  const query = url.searchParams;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  const partNumber = query.get('partNumber');
  const call: S3Call = {
    operation: operationOf(request.method ?? '', bucket, key, query),
    bucket: decodeURIComponent(bucket),
    key: decodeURIComponent(key),
    at: new Date(),
    partNumber: partNumber === null ? undefined : Number(partNumber),
    uploadId: query.get('uploadId') ?? undefined,
    headers,
    bytes: 0,
    status: 0,
  };
  return { call, query };
}

function operationOf(method: string, bucket: string, key: string, query: URLSearchParams): S3Operation {
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : 'Unknown';
  if (key === '') {
    if (query.has('lifecycle')) return method === 'PUT' ? 'PutBucketLifecycle' : 'GetBucketLifecycle';
    if (method === 'PUT') return 'CreateBucket';
    if (method === 'HEAD') return 'HeadBucket';
    if (method === 'GET') return query.has('uploads') ? 'ListMultipartUploads' : 'ListObjectsV2';
    return 'Unknown';
  }
  const multipart = query.has('uploadId');
  switch (method) {
    case 'PUT':
      if (query.has('tagging')) return 'PutObjectTagging';
      if (query.has('retention')) return 'PutObjectRetention';
      return multipart ? 'UploadPart' : 'PutObject';
    case 'GET':
      return multipart ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'DELETE':
      return multipart ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      if (query.has('uploads')) return 'CreateMultipartUpload';
      return multipart ? 'CompleteMultipartUpload' : 'Unknown';
    default:
      return 'Unknown';
  }
}

/** How a request body is read. */
export interface ReadBodyOptions {
  /** Stop after this many bytes. Default: the whole body. */
  readonly limit?: number;
  readonly bytesPerSecond?: number | undefined;
}

/** The request's body, with the `aws-chunked` framing of streaming clients taken off. Counts into `call.bytes`. */
export async function readBody(request: IncomingMessage, call: S3Call, options: ReadBodyOptions = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    call.bytes += chunk.length;
    if (options.limit !== undefined && call.bytes >= options.limit) break;
    if (options.bytesPerSecond !== undefined) {
      await sleep((chunk.length / options.bytesPerSecond) * 1000, undefined, { ref: false });
    }
  }
  const body = Buffer.concat(chunks);
  return (call.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-') ? unframe(body) : body;
}

function unframe(framed: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let position = 0;
  while (position < framed.length) {
    const lineEnd = framed.indexOf('\r\n', position);
    const size = Number.parseInt(framed.toString('latin1', position, lineEnd), 16);
    if (lineEnd < 0 || !(size > 0)) break;
    chunks.push(framed.subarray(lineEnd + 2, lineEnd + 2 + size));
    position = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}

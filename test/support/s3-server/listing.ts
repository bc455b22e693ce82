import type { Memory, MemoryObject, OpenUpload } from './memory.ts';
import { xml, type Reply } from './reply.ts';

/** ListObjectsV2: prefix, delimiter, start-after, max-keys, continuation-token, encoding-type. */
export function listObjects(bucket: string, objects: ReadonlyMap<string, MemoryObject>, query: URLSearchParams): Reply {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (key: string) => key;
  const contents: MemoryObject[] = [];
  const folders = new Set<string>();
  let last = '';
  let truncated = false;
  for (const key of [...objects.keys()].sort(compareBytes)) {
    if (!key.startsWith(prefix) || compareBytes(key, after) <= 0) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const folder = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (folder !== undefined && (folders.has(folder) || after.startsWith(folder))) continue;
    if (contents.length + folders.size >= limit) {
      truncated = true;
      break;
    }
    if (folder === undefined) contents.push(objects.get(key)!);
    else folders.add(folder);
    last = folder ?? key;
  }
  return xml('ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : delimiter,
    MaxKeys: limit,
    KeyCount: contents.length + folders.size,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: truncated,
    NextContinuationToken: truncated ? Buffer.from(last).toString('base64url') : undefined,
    Contents: contents.map((object) => ({
      Key: encode(object.key),
      LastModified: object.lastModified.toISOString(),
      ETag: `"${object.etag}"`,
      Size: object.bytes,
      StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
    })),
    CommonPrefixes: [...folders].map((folder) => ({ Prefix: encode(folder) })),
  });
}

/** ListMultipartUploads: prefix, key-marker, upload-id-marker, max-uploads. */
export function listUploads(bucket: string, memory: Memory, query: URLSearchParams): Reply {
  const prefix = query.get('prefix') ?? '';
  const limit = Math.min(Number(query.get('max-uploads') ?? 1000), 1000);
  const marker = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? '\uffff'] as const;
  const found = [...memory.uploads.values()]
    .filter((upload) => upload.bucket === bucket && upload.key.startsWith(prefix))
    .sort((a, b) => compareBytes(a.key, b.key) || compareBytes(a.uploadId, b.uploadId))
    .filter((upload) => (compareBytes(upload.key, marker[0]) || compareBytes(upload.uploadId, marker[1])) > 0);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const truncated = found.length > page.length;
  return xml('ListMultipartUploadsResult', {
    Bucket: bucket,
    Prefix: prefix,
    MaxUploads: limit,
    IsTruncated: truncated,
    NextKeyMarker: truncated ? last?.key : undefined,
    NextUploadIdMarker: truncated ? last?.uploadId : undefined,
    Upload: page.map(({ key, uploadId, initiated }) => ({
      Key: key,
      UploadId: uploadId,
      Initiated: initiated.toISOString(),
    })),
  });
}

/** ListParts: part-number-marker, max-parts. */
export function listParts(upload: OpenUpload, query: URLSearchParams): Reply {
  const after = Number(query.get('part-number-marker') ?? 0);
  const limit = Math.min(Number(query.get('max-parts') ?? 1000), 1000);
  const found = [...upload.parts.entries()].filter(([number]) => number > after).sort(([a], [b]) => a - b);
  const page = found.slice(0, limit);
  const truncated = found.length > page.length;
  return xml('ListPartsResult', {
    Bucket: upload.bucket,
    Key: upload.key,
    UploadId: upload.uploadId,
    IsTruncated: truncated,
    NextPartNumberMarker: truncated ? page.at(-1)?.[0] : undefined,
    Part: page.map(([number, part]) => ({ PartNumber: number, ETag: `"${part.etag}"`, Size: part.bytes })),
  });
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/');
}

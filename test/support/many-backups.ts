import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { databaseFolder } from '../../src/catalog/keys.ts';
import { type Manifest, serializeManifest } from '../../src/catalog/manifest.ts';
import { sampleArtifact, sampleManifest } from '../catalog/sample-manifest.ts';
import { empty, errorReply, type Reply, xml } from './s3-server/reply.ts';
import { parseRequest } from './s3-server/request.ts';

/** Which backups a server makes up. */
export interface ManyBackups {
  /** `shop` where it is one, else `db000` and so on. */
  readonly databases: number;
  /** Backups of each database. */
  readonly each: number;
  /** Milliseconds between two backups of a database. */
  readonly everyMs: number;
  /** When the newest of each began. */
  readonly newest: Date;
}

/** A server that holds backups without holding them: it makes listings and manifests from a key's place in the order. */
export interface ManyBackupsServer {
  readonly url: string;
  /** How often each operation was asked for since the last time this was. */
  takeCalls(): Record<string, number>;
  close(): Promise<void>;
}

interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly lastModified: Date;
}

const root = 'pg/';
const most = 1000;
const dumpBytes = 5_000_000;
/** In the order of their bytes, which is that of a listing. */
const files = ['RESTORE.md', 'SHA256SUMS', 'database.dump.zst.age', 'globals.sql.zst.age', 'manifest.json'] as const;
const sizes = [4000, 200, dumpBytes, 2000, 3000];

/** How many objects each backup has. */
export const objectsEach = files.length;

/** The environment of a program that reads the backups. */
export function envOfMany(url: string): Record<string, string> {
  return {
    S3_ENDPOINT: url,
    BACKUP_DESTINATION: `s3://backups/${root}`,
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'sk',
  };
}

/** The id of the n-th backup of a database, counted from the oldest. */
export function idOfMany({ each, everyMs, newest }: ManyBackups, at: number): string {
  const time = new Date(newest.getTime() - (each - 1 - at) * everyMs);
  const random = createHash('sha256').update(String(at)).digest().readUIntBE(0, 5).toString(36).padStart(6, '0');
  return `${time.toISOString().replace(/[-:]|\.\d+/g, '')}-${random.slice(0, 6)}`;
}

/** Starts it on a free port of loopback. It answers ListObjectsV2, HeadObject and GetObject; what is deleted stays. */
export async function startManyBackups(many: ManyBackups): Promise<ManyBackupsServer> {
  let calls: Record<string, number> = {};
  const server = createServer((request, response) => {
    const { call, query } = parseRequest(request);
    const operation = call.operation === 'ListObjectsV2' && query.has('delimiter') ? 'ListFolders' : call.operation;
    calls[operation] = (calls[operation] ?? 0) + 1;
    request.resume();
    const { status, headers, body } = answer(many, call.operation, call.key, query);
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeCalls: () => {
      const taken = calls;
      calls = {};
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(many: ManyBackups, operation: string, key: string, query: URLSearchParams): Reply {
  if (operation === 'ListObjectsV2') return listing(many, query);
  if (operation === 'DeleteObject') return empty(204);
  const found = firstAfter(many, key, true);
  const object = found < countOf(many) ? objectAt(many, found) : undefined;
  if (object?.key !== key) return errorReply('NoSuchKey');
  const headers = { 'last-modified': object.lastModified.toUTCString(), etag: '"made-up"' };
  const body = key.endsWith('manifest.json') ? manifestOf(key) : Buffer.from('made up');
  return { status: 200, headers, body };
}

function listing(many: ManyBackups, query: URLSearchParams): Reply {
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter')];
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const count = countOf(many);
  const contents: Listed[] = [];
  const folders: string[] = [];
  let last = '';
  let at = after > prefix ? firstAfter(many, after, false) : firstAfter(many, prefix, true);
  for (; at < count && contents.length + folders.length < most;) {
    const object = objectAt(many, at);
    if (!object.key.startsWith(prefix)) break;
    const end = delimiter === null ? -1 : object.key.indexOf(delimiter, prefix.length);
    if (end === -1) {
      contents.push(object);
      last = object.key;
      at += 1;
    } else {
      const folder = object.key.slice(0, end + 1);
      folders.push(folder);
      last = `${folder}\uffff`;
      at = firstAfter(many, last, false);
    }
  }
  const truncated = at < count && objectAt(many, at).key.startsWith(prefix);
  return xml('ListBucketResult', {
    Prefix: prefix,
    KeyCount: contents.length + folders.length,
    IsTruncated: truncated,
    NextContinuationToken: truncated ? Buffer.from(last).toString('base64url') : undefined,
    Contents: contents.map(({ key, bytes, lastModified }) => ({
      Key: key,
      LastModified: lastModified.toISOString(),
      Size: bytes,
      StorageClass: 'STANDARD',
    })),
    CommonPrefixes: folders.map((folder) => ({ Prefix: folder })),
  });
}

function countOf({ databases, each }: ManyBackups): number {
  return databases * each * files.length;
}

function objectAt(many: ManyBackups, at: number): Listed {
  const file = at % files.length;
  const backup = Math.floor(at / files.length);
  const database = many.databases === 1 ? 'shop' : `db${String(Math.floor(backup / many.each)).padStart(3, '0')}`;
  const id = idOfMany(many, backup % many.each);
  const began = many.newest.getTime() - (many.each - 1 - (backup % many.each)) * many.everyMs;
  return {
    key: `${root}${databaseFolder(database)}${id}/${files[file] ?? ''}`,
    bytes: sizes[file] ?? 0,
    lastModified: new Date(began + 20_000),
  };
}

/** The place of the first key behind this one, or at it. */
function firstAfter(many: ManyBackups, key: string, orAt: boolean): number {
  let [low, high] = [0, countOf(many)];
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = objectAt(many, middle).key;
    if (orAt ? found < key : found <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function manifestOf(key: string): Buffer {
  const [, database = '', id = ''] = key.split('/');
  const text = template.replaceAll(sample.id, id).replaceAll('"shop"', JSON.stringify(database));
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)T(..)(..)(..)Z/.exec(id) ?? [];
  const began = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  return Buffer.from(text.replaceAll(sample.startedAt, began).replaceAll(sample.finishedAt, began));
}

const sample: Manifest = sampleManifest({
  schemaVersion: 2,
  artifacts: [
    sampleArtifact('dump', { bytes: dumpBytes }),
    sampleArtifact('globals', {
      key: 'globals.sql.zst.age',
      kind: 'globals',
      lane: 'globals',
      bytes: 2000,
      format: 'plain',
    }),
  ],
});
const template = serializeManifest(sample);

import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { S3StoreConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { Log } from '../../src/log.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { startS3Server, type S3Server, type S3ServerOptions } from '../support/s3-server.ts';

/** A mebibyte in bytes. */
export const mebibyte = 1024 ** 2;

/** A store's settings for a test: short patience, small parts. */
export function s3Config(endpoint: string, changes: Partial<S3StoreConfig> = {}): S3StoreConfig {
  return {
    kind: 's3',
    bucket: 'backups',
    prefix: 'pg',
    endpoint,
    provider: undefined,
    region: 'us-east-1',
    accessKeyId: new Secret('ak'),
    secretAccessKey: new Secret('sksksksksk'),
    sessionToken: undefined,
    forcePathStyle: true,
    storageClass: undefined,
    sse: undefined,
    sseKmsKeyId: undefined,
    tags: false,
    objectLock: undefined,
    partSize: 5 * mebibyte,
    maxParts: 10_000,
    uploadConcurrency: 3,
    checksums: 'required',
    conditionalWrites: 'put',
    requestTimeoutMs: 700,
    retryForMs: 1500,
    ...changes,
  };
}

/** A log that keeps its lines, parsed. */
export function keptLog(): { readonly log: Log; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'debug' },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { log: log, lines };
}

/** A scripted server with a store on it, both closed after the test. */
export interface Scripted {
  readonly server: S3Server;
  readonly store: Store;
  readonly lines: Record<string, unknown>[];
  /** The warnings among the lines. */
  warnings(): Record<string, unknown>[];
}

/** Starts a scripted server and opens a store on it. */
export async function scripted(
  t: TestContext,
  changes: Partial<S3StoreConfig> = {},
  options: S3ServerOptions = {},
): Promise<Scripted> {
  const server = await startS3Server(options);
  const { log, lines } = keptLog();
  const store = openStore(s3Config(server.url, changes), log);
  t.after(async () => {
    store.close();
    await server.close();
  });
  return { server, store, lines, warnings: () => lines.filter(({ level }) => level === 40) };
}

/** Random bytes as a stream of odd-sized chunks. */
export async function* streamOf(data: Buffer, chunkBytes = 65_521): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += chunkBytes) yield data.subarray(at, at + chunkBytes);
}

/** Bytes that no two tests share. */
export function someBytes(count: number): Buffer {
  return randomBytes(count);
}

/** Everything of a stream, in one buffer. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** A signal that nothing aborts. */
export function calm(): AbortSignal {
  return new AbortController().signal;
}

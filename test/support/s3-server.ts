import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultPlan, type FaultAction, type FaultRule, type S3Call } from './s3-server/faults.ts';
import { Memory, type MemoryObject, type OpenUpload } from './s3-server/memory.ts';
import { flipped, perform, type ServerRules } from './s3-server/operations.ts';
import { errorReply, type Reply } from './s3-server/reply.ts';
import { parseRequest, readBody } from './s3-server/request.ts';

export type { FaultAction, FaultRule, S3Call, S3Operation } from './s3-server/faults.ts';
export type { MemoryObject, OpenUpload } from './s3-server/memory.ts';

/** How to start a server; every member has a default. */
export interface S3ServerOptions extends Partial<ServerRules> {
  /** Default 0: a free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default `['backups']`. More can be made with CreateBucket. */
  readonly buckets?: readonly string[];
  /** Default `ak`. Requests signed with another are refused; the signature itself is not checked. */
  readonly accessKeyId?: string;
  /** Keep sizes and checksums only, so that streams larger than memory can be taken. */
  readonly discard?: boolean;
  /** Give objects of several parts the metadata `sha256`: of all bytes, each part as it came first. */
  readonly hash?: boolean;
  /** PEM texts; with them the server speaks https. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A running server. Everything it holds may be read, and changed, while it runs. */
export interface S3Server {
  /** `http://127.0.0.1:PORT`, for path style addressing. */
  readonly url: string;
  readonly port: number;
  /** Every request since the start, in order of arrival. */
  readonly calls: S3Call[];
  /** The objects of a bucket (default: the first one) by key. */
  objects(bucket?: string): Map<string, MemoryObject>;
  /** Uploads begun and neither completed nor aborted; empty after any well-behaved client. */
  readonly openUploads: readonly OpenUpload[];
  /** Puts an object there without a request. */
  put(key: string, content: string | Buffer, headers?: Record<string, string>): void;
  /** Makes requests go wrong from now on. */
  fault(rule: FaultRule): void;
  clearFaults(): void;
  /** Forgets every open upload, as a lifecycle rule would. */
  clearUploads(): void;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * An S3 server in memory that misbehaves on request: objects (ranges, metadata, conditions, pages) and multipart
 * uploads as S3 does them. It checks which access key signed a request, not the signature.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const buckets = options.buckets ?? ['backups'];
  const memory = new Memory(buckets, options.discard ?? false, options.hash);
  const faults = new FaultPlan();
  const calls: S3Call[] = [];
  const rules: ServerRules = {
    equalParts: options.equalParts ?? false,
    minPartBytes: options.minPartBytes ?? 5 * 1024 * 1024,
    requireChecksum: options.requireChecksum ?? false,
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Kept, since a request that was destroyed half-read has lost its socket.
    const { socket } = request;
    const { call, query } = parseRequest(request);
    calls.push(call);
    const action = faults.next(call);
    if (action?.kind === 'delay') await sleep(action.ms, undefined, { ref: false });
    if (action?.kind === 'reset') {
      const half = Number(request.headers['content-length'] ?? 0) / 2;
      if (half > 0) await readBody(request, call, { limit: half });
      socket.destroy();
      return;
    }
    const slow = action?.kind === 'slow-read' ? action.bytesPerSecond : undefined;
    const body = await readBody(request, call, { bytesPerSecond: slow });
    if (action?.kind === 'hang') return;
    if (action?.kind === 'late') await sleep(action.ms, undefined, { ref: false });
    const reply =
      refusal(request, options.accessKeyId ?? 'ak') ??
      scriptedReply(action) ??
      perform(call, query, body, memory, rules, action?.kind === 'corrupt');
    if (action?.kind === 'lose-reply') {
      action.then?.();
      socket.destroy();
    } else send(request, response, reply, action, call);
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that hangs up in the middle of its request is an everyday thing here.
    handle(request, response).catch(() => request.socket.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  const objects = (bucket = buckets[0] ?? ''): Map<string, MemoryObject> => {
    const found = memory.buckets.get(bucket);
    if (found === undefined) throw new Error(`no bucket ${bucket}`);
    return found;
  };
  return {
    url: `${options.tls ? 'https' : 'http'}://${options.host ?? '127.0.0.1'}:${port}`,
    port,
    calls,
    objects,
    get openUploads() {
      return [...memory.uploads.values()];
    },
    put(key, content, headers = {}) {
      memory.put(buckets[0] ?? '', key, memory.keep(Buffer.from(content)), headers);
    },
    fault: (rule) => faults.add(rule),
    clearFaults: () => faults.clear(),
    clearUploads: () => memory.uploads.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refusal(request: IncomingMessage, accessKeyId: string): Reply | undefined {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const signed = request.headers.authorization ?? query.get('X-Amz-Credential');
  if (signed === null) return errorReply('AccessDenied', 'Access Denied');
  const signedWith = /(?:Credential=)?([^/=]+)\//.exec(signed)?.[1];
  if (signedWith === accessKeyId) return undefined;
  return errorReply('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
}

function scriptedReply(action: FaultAction | undefined): Reply | undefined {
  if (action?.kind !== 'answer') return undefined;
  const { status, code = 'InternalError', message, body, headers = {} } = action;
  const reply = errorReply(code, message, status);
  return {
    status,
    headers: { ...reply.headers, ...headers },
    body: body === undefined ? reply.body : Buffer.from(body),
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  action: FaultAction | undefined,
  call: S3Call,
): void {
  const extra = action?.kind === 'headers' ? action.headers : {};
  const body =
    action?.kind === 'short-body'
      ? reply.body.subarray(0, action.bytes)
      : action?.kind === 'corrupt-body'
        ? flipped(reply.body)
        : reply.body;
  const length = reply.announcedBytes ?? body.length;
  call.status = reply.status;
  response.writeHead(reply.status, { ...reply.headers, ...extra, 'content-length': length });
  if (request.method === 'HEAD') response.end();
  else if (action?.kind === 'cut-body') {
    response.write(body.subarray(0, action.afterBytes), () => setImmediate(() => request.socket.destroy()));
  } else response.end(body);
}

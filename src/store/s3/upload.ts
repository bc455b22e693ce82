import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { abortable } from '../abortable.ts';
import type { Part, PartCutter } from '../part-cutter.ts';
import type { Tags } from '../store.ts';
import type { Call, RetryingClient } from './client.ts';
import type { S3Trouble } from './errors.ts';

/** What a request inside a streamed upload is for; `final` makes the object appear. */
export type UploadRequest = 'begin' | 'part' | 'final';

/** Told what happens inside a streamed upload. */
export interface UploadObserver {
  /** A request is under way. */
  request(outcome: Promise<unknown>, kind: UploadRequest): void;
  /** A request is tried again after this trouble. */
  retried(kind: UploadRequest, trouble: S3Trouble): void;
  /** The upload was begun. */
  begun(uploadId: string): void;
  /** So many bytes have been acknowledged so far. */
  stored(bytes: number): void;
}

/** What is kept with an object that is written. */
export interface Mark {
  readonly runId: string;
  readonly tags?: Tags | undefined;
}

/** A streamed upload's input. */
export interface StreamInput {
  readonly key: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly cutter: PartCutter;
  readonly partBytes: number;
  readonly concurrency: number;
  readonly mark: Mark;
  /** Ask the store to refuse a key that exists. */
  readonly ifNoneMatch: boolean;
  /** Send an MD5 with all data: see {@link md5Of}. */
  readonly md5: boolean;
}

/**
 * The MD5 of what is written, in base64: a bucket with Object Lock takes no data without a checksum, and this is the one
 * that every store knows (drakkan/sftpgo#1336 on B2, s3tools/s3cmd#1436 on parts).
 */
export function md5Of(data: Uint8Array | string): string {
  return createHash('md5').update(data).digest('base64');
}

/**
 * Runs lib-storage's upload. On its own it passes no signal to its requests, hides errors behind those of its cleanup,
 * may leave parts, and copies every part into fresh memory: here its requests go through `RetryingClient.send`, the
 * observer sees each of them, parts come from the cutter, and it is told to clean up nothing.
 */
export async function uploadByLibStorage(
  client: RetryingClient,
  params: PutObjectCommandInput,
  { body, cutter, partBytes, concurrency, md5 }: StreamInput,
  observer: UploadObserver,
  call: Call,
): Promise<void> {
  let stored = 0;
  const send = async (command: Parameters<S3Client['send']>[0]): Promise<unknown> => {
    const kind = kindOf(command);
    if (command instanceof CompleteMultipartUploadCommand && stored !== cutter.bytes) {
      throw new Error(`${stored} of ${cutter.bytes} bytes would make up the object`);
    }
    const hasData = command instanceof UploadPartCommand || command instanceof PutObjectCommand;
    if (md5 && hasData) command.input.ContentMD5 = md5Of(command.input.Body as Uint8Array);
    const onRetry: Call['onRetry'] = (trouble, tried) => {
      call.onRetry?.(trouble, tried);
      observer.retried(kind, trouble);
    };
    const outcome = client.send(command as UploadPartCommand, { ...call, onRetry });
    observer.request(outcome, kind);
    const output = await outcome;
    if (kind === 'begin') observer.begun((output as { readonly UploadId?: string }).UploadId ?? '');
    if (hasData) {
      const data = command.input.Body as Uint8Array;
      stored += data.length;
      observer.stored(stored);
      cutter.release(data);
    }
    return output;
  };
  const upload = new Upload({
    client: Object.create(client.plain, { send: { value: send } }) as S3Client,
    params: { ...params, Body: unused() },
    partSize: partBytes,
    queueSize: concurrency,
    leavePartsOnError: true,
  });
  feed(upload, cutter.cut(abortable(body, call.signal)));
  await upload.done();
}

/** Has lib-storage's uploaders take their parts from here instead of from its own chunker. */
function feed(upload: Upload, parts: AsyncGenerator<Part>): void {
  const inner = upload as unknown as { __doConcurrentUpload(parts: AsyncGenerator<Part>): Promise<void> };
  const original = inner.__doConcurrentUpload.bind(upload);
  inner.__doConcurrentUpload = () => original(parts);
}

/** What lib-storage is given as a body. A version of it that no longer takes parts from {@link feed} fails here. */
function unused(): Readable {
  return new Readable({
    read() {
      this.destroy(new Error('lib-storage reads the body itself'));
    },
  });
}

function kindOf(command: unknown): UploadRequest {
  if (command instanceof CreateMultipartUploadCommand) return 'begin';
  return command instanceof UploadPartCommand ? 'part' : 'final';
}

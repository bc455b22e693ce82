import type { Readable } from 'node:stream';
import {
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Call, RetryingClient } from './client.ts';

/** What a request inside a streamed upload is for; `final` makes the object appear. */
export type UploadRequest = 'begin' | 'part' | 'final';

/** Told what happens inside a streamed upload. */
export interface UploadObserver {
  /** A request is under way. */
  request(outcome: Promise<unknown>, kind: UploadRequest): void;
  /** A request is tried again. */
  retried(kind: UploadRequest): void;
  /** The upload was begun. */
  begun(uploadId: string): void;
  /** So many more bytes were acknowledged. */
  stored(bytes: number): void;
}

/** A streamed upload's input. */
export interface StreamInput {
  readonly key: string;
  readonly body: Readable;
  readonly partBytes: number;
  readonly concurrency: number;
  readonly runId: string;
  /** Ask the store to refuse a key that exists. */
  readonly ifNoneMatch: boolean;
}

/**
 * Runs lib-storage's upload. On its own it passes no signal to its requests, hides errors behind those of its cleanup
 * and may leave parts: here its requests go through `RetryingClient.send`, the observer sees each of them, and it is told
 * to clean up nothing.
 */
export async function uploadByLibStorage(
  client: RetryingClient,
  params: PutObjectCommandInput,
  { body, partBytes, concurrency }: StreamInput,
  observer: UploadObserver,
  call: Call,
): Promise<void> {
  const send = async (command: Parameters<S3Client['send']>[0]): Promise<unknown> => {
    const kind = kindOf(command);
    const onRetry = (): void => observer.retried(kind);
    const outcome = client.send(command as UploadPartCommand, { ...call, onRetry });
    observer.request(outcome, kind);
    const output = await outcome;
    if (kind === 'begin') observer.begun((output as { readonly UploadId?: string }).UploadId ?? '');
    if (command instanceof UploadPartCommand || command instanceof PutObjectCommand) {
      observer.stored((command.input.Body as Uint8Array).length);
    }
    return output;
  };
  await new Upload({
    client: Object.create(client.plain, { send: { value: send } }) as S3Client,
    params: { ...params, Body: body },
    partSize: partBytes,
    queueSize: concurrency,
    leavePartsOnError: true,
  }).done();
}

function kindOf(command: unknown): UploadRequest {
  if (command instanceof CreateMultipartUploadCommand) return 'begin';
  return command instanceof UploadPartCommand ? 'part' : 'final';
}

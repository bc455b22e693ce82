import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import {
  CompleteMultipartUploadCommand,
  S3Client,
  type $Command,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import type { S3StoreConfig } from '../../config/config.ts';
import { retry, type RetryLimits, type Tried } from '../retry.ts';
import { boundReplies } from './bounded-replies.ts';
import { isTransient, readTrouble, S3Error, type S3Trouble } from './errors.ts';
import { leavePartsUnsigned } from './unsigned-parts.ts';

const connectionTimeoutMs = 10_000;
/**
 * How long a store that has not answered yet is tried: a wrong or unreachable endpoint is told while somebody waits, and
 * not after the patience of a nightly job.
 */
export const firstAnswerWithinMs = 30_000;
/** Completing makes a store join thousands of parts: it gets this many times the usual patience. */
const completePatience = 5;

/** How one call is bounded, and who is told of its retries. */
export interface Call extends RetryLimits {
  readonly onRetry?: ((trouble: S3Trouble, tried: Tried) => void) | undefined;
}

/** A command of the SDK with its answer's type. */
export type S3Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** The SDK's client with this program's timeouts, retries and errors. */
export class RetryingClient {
  /** The SDK's own client, for lib-storage to read its configuration from. Send nothing with it. */
  readonly plain: S3Client;
  readonly #patient: S3Client;
  #answered = false;

  constructor(config: S3StoreConfig, checksums: 'required' | 'supported') {
    const agents = { httpAgent: new Agent({ keepAlive: true }), httpsAgent: new TlsAgent({ keepAlive: true }) };
    const open = (socketTimeout: number): S3Client => {
      const client = new S3Client({
        region: config.region,
        ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
        ...credentials(config),
        forcePathStyle: config.forcePathStyle,
        requestChecksumCalculation: checksums === 'supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
        responseChecksumValidation: checksums === 'supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
        // With it the SDK opens a connection of its own for every part.
        expectContinueHeader: false,
        maxAttempts: 1,
        // `requestTimeout` would also end an upload that is slow but moving: only silence counts.
        requestHandler: { ...agents, connectionTimeout: connectionTimeoutMs, socketTimeout },
      });
      boundReplies(client);
      leavePartsUnsigned(client);
      return client;
    };
    this.plain = open(config.requestTimeoutMs);
    this.#patient = open(config.requestTimeoutMs * completePatience);
  }

  /** True once the store has answered a request, with whatever. */
  get answered(): boolean {
    return this.#answered;
  }

  /**
   * Sends a command, again and again while its trouble can pass and time is left, of which a store that has never
   * answered gets no more than {@link firstAnswerWithinMs}. Rejects with an {@link S3Error}, with
   * the signal's reason, or with what is no trouble of the store's at all (a bug).
   */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: S3Command<Input, Output>,
    call: Call,
  ): Promise<Output> {
    const client = command instanceof CompleteMultipartUploadCommand ? this.#patient : this.plain;
    const output = await retry(() => client.send(command, { abortSignal: call.signal }), {
      ...call,
      forMs: this.#answered ? call.forMs : Math.min(call.forMs, firstAnswerWithinMs),
      onRetry: (error, tried) => call.onRetry?.(readTrouble(error), tried),
      isTransient: (error) => {
        const trouble = readTrouble(error);
        this.#answered ||= trouble.status !== undefined;
        return isTransient(trouble);
      },
      onGiveUp: (error, tried) => toS3Error(error, tried),
    });
    this.#answered = true;
    return output;
  }

  close(): void {
    this.plain.destroy();
    this.#patient.destroy();
  }
}

function toS3Error(error: unknown, tried: Tried): unknown {
  const trouble = readTrouble(error);
  return trouble.code === '' && trouble.status === undefined ? error : new S3Error(trouble, tried, error);
}

function credentials({ accessKeyId, secretAccessKey, sessionToken }: S3StoreConfig): object {
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  const session = sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() };
  return {
    credentials: { accessKeyId: accessKeyId.reveal(), secretAccessKey: secretAccessKey.reveal(), ...session },
  };
}

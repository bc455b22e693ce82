import prettyMilliseconds from 'pretty-ms';
import { Failure, type FailureKind } from '../../errors.ts';
import type { Tried } from '../retry.ts';
import { connectionHint, connectionWords, isPassingConnectionTrouble } from './connection-errors.ts';

/** What went wrong with one request, whatever shape the SDK gave it. */
export interface S3Trouble {
  /** S3's error code, or Node's for trouble with the connection. */
  readonly code: string;
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** The server's own words. */
  readonly text: string;
  /** The region that the bucket is really in, where the answer tells. */
  readonly region: string | undefined;
}

/** A request that failed for good, with how much was tried. */
export class S3Error extends Error implements S3Trouble {
  override name = 'S3Error';
  readonly code: string;
  readonly status: number | undefined;
  readonly text: string;
  readonly region: string | undefined;
  readonly tried: Tried;

  constructor(trouble: S3Trouble, tried: Tried, cause: unknown) {
    super(`${trouble.status ?? 'no answer'} ${trouble.code}`, { cause });
    this.code = trouble.code;
    this.status = trouble.status;
    this.text = trouble.text;
    this.region = trouble.region;
    this.tried = tried;
  }
}

interface SdkError extends Error {
  readonly code?: unknown;
  readonly Code?: string;
  readonly Region?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

/** Reads an error thrown by the SDK. One that is neither an answer nor connection trouble has status and code empty. */
export function readTrouble(thrown: unknown): S3Trouble {
  const error = thrown as SdkError;
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  const region = error.$response?.headers?.['x-amz-bucket-region'] ?? error.Region;
  const code = status === undefined ? (connectionCode(thrown) ?? '') : (error.Code ?? error.name);
  return { code, status, text: error.message, region: typeof region === 'string' ? region : undefined };
}

/** Node hides the reason of a refused connection in causes and aggregates; the outermost that has a code tells. */
function connectionCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (thrown.name === 'TimeoutError' || thrown.name === 'CredentialsProviderError') return thrown.name;
  const { code } = thrown as SdkError;
  // Node's other ERR_ codes tell of wrong calls, which are bugs and no trouble of the connection.
  if (typeof code === 'string' && (!code.startsWith('ERR_') || connectionWords(code) !== undefined)) return code;
  return connectionCode(thrown.cause);
}

const passingCodes = new Set([
  'InternalError',
  'OperationAborted',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);

/** True where the same request can succeed later. The SDK has corrected its clock when the time is too skewed. */
export function isTransient({ code, status }: S3Trouble): boolean {
  if (status === undefined) return isPassingConnectionTrouble(code);
  if (status === 501 || status === 505) return false;
  return status >= 500 || status === 429 || status === 408 || passingCodes.has(code);
}

const cutShort = new Set([
  'TimeoutError',
  'ETIMEDOUT',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** True where the store may have done what was asked, although it did not say so. */
export function mayHaveActed({ code, status }: S3Trouble): boolean {
  return status === undefined ? cutShort.has(code) : status >= 500 && status !== 501 && status !== 503;
}

/** True where the key or upload simply is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3Error && error.status === 404 && error.code !== 'NoSuchBucket';
}

/** True where the store does not know the operation or a header of it. */
export function isNotImplemented(error: unknown): boolean {
  if (!(error instanceof S3Error)) return false;
  return error.status === 501 || error.code === 'NotImplemented' || /implies functionality/i.test(error.text);
}

/** What the words of a Failure are made of besides the error. */
export interface FailureContext {
  /** What failed, on what: `could not store s3://bucket/key`. */
  readonly what: string;
  /** The permission that the operation needs, for the hint. */
  readonly permission: string;
  /** The request had tags for the object. */
  readonly tagged?: boolean;
  /** It had a lock for it. */
  readonly locked?: boolean;
}

/** The Failure that tells of an error. What is no S3Error (a Failure, a bug) is returned as it is. */
export function toStoreFailure(error: unknown, context: FailureContext): unknown {
  if (!(error instanceof S3Error)) return error;
  const { what, permission } = context;
  const { kind, hint, retryable } = judgeMarks(error, context) ?? judge(error, permission);
  return new Failure(kind, `${what}: ${inWords(error)}${effort(error.tried)}`, { hint, retryable, cause: error });
}

interface Judgement {
  readonly kind: FailureKind;
  readonly hint?: string;
  readonly retryable?: boolean;
}

const tagsRefused: Judgement = {
  kind: 'config',
  hint: 'This store takes no tags of objects, or not these. Leave S3_TAGS off.',
};
const lockRefused: Judgement = {
  kind: 'config',
  hint: 'Object Lock is not on for this bucket, or the store has none. Turn it on, or remove S3_OBJECT_LOCK_MODE and S3_OBJECT_LOCK_FOR.',
};

/** Whether it is the tags or the lock that the store does not take. */
function judgeMarks(error: S3Error, { tagged = false, locked = false }: FailureContext): Judgement | undefined {
  const { code, status, text } = error;
  if (isAboutChecksums(error)) return undefined;
  const isRefusal = status === 400 || isNotImplemented(error);
  if (locked && isRefusal && /object.?lock/i.test(text)) return lockRefused;
  if (tagged && (isNotImplemented(error) || code === 'InvalidTag' || (isRefusal && /tagging/i.test(text)))) {
    return tagsRefused;
  }
  // Ceph says nothing more.
  return locked && (isNotImplemented(error) || code === 'InvalidRequest') ? lockRefused : undefined;
}

const wrongRegion = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
const wrongCredentials = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken']);

function judge(error: S3Error, permission: string): Judgement {
  const { code, status, text, region } = error;
  if (isAboutChecksums(error)) return judgeChecksum(text);
  if (code === 'NoSuchBucket')
    return {
      kind: 'config',
      hint: 'Create the bucket, or correct its name (in BACKUP_DESTINATION or S3_BUCKET) or S3_ENDPOINT.',
    };
  if (status === 301 || status === 307 || wrongRegion.has(code)) {
    return { kind: 'config', hint: `Set S3_REGION to ${region ?? 'the region that the bucket is in'}.` };
  }
  if (code === 'InvalidObjectState') {
    const hint = 'The object is in an archive storage class. Ask the store to restore it first, then try again.';
    return { kind: 'store', hint, retryable: false };
  }
  if (code === 'CredentialsProviderError') {
    return {
      kind: 'denied',
      hint: 'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or run where the platform gives credentials.',
    };
  }
  if (wrongCredentials.has(code)) {
    return {
      kind: 'denied',
      hint: 'Check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in their place, and that they belong to S3_ENDPOINT.',
    };
  }
  if (code === 'RequestTimeTooSkewed') return { kind: 'store', hint: 'Correct the clock of this machine.' };
  if (status === 401 || status === 403) {
    return { kind: 'denied', hint: `The credentials need the permission ${permission} on this key.` };
  }
  if (status === undefined) return { kind: 'store', hint: connectionHint(code) };
  return { kind: 'store', retryable: isTransient(error) };
}

function isAboutChecksums({ code, status = 0, text }: S3Trouble): boolean {
  if (code === 'XAmzContentSHA256Mismatch') return true;
  if (code === 'BadDigest' || (status !== 400 && status !== 501)) return false;
  return /checksum|content-md5|trailer/i.test(text);
}

function judgeChecksum(text: string): Judgement {
  const demanded = /required|must (be|have)|missing/i.test(text) && !/unsupported|not supported|implement/i.test(text);
  return demanded
    ? { kind: 'config', hint: 'The bucket demands checksums (Object Lock does). Set S3_CHECKSUMS=supported.' }
    : { kind: 'config', hint: 'This store does not know these checksum headers. Set S3_CHECKSUMS=required.' };
}

function inWords({ status, code, text }: S3Trouble): string {
  if (status === undefined) return connectionWords(code) ?? `no answer (${code})`;
  const named = /^(\d*|Unknown.*)$/.test(code) ? '' : ` ${code}`;
  const said = status < 500 && text !== '' && text !== code && !text.startsWith('Unknown') ? ` (${shorten(text)})` : '';
  return `server answered ${status}${named}${said}`;
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}

function effort({ attempts, elapsedMs }: Tried): string {
  if (attempts < 2) return '';
  return ` after ${attempts} attempts over ${prettyMilliseconds(elapsedMs, { secondsDecimalDigits: 0 })}`;
}

import { xmlDocument, type XmlValue } from './xml.ts';

/** An answer, before faults are applied to it. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** For HEAD: the length to announce without a body. */
  readonly announcedBytes?: number;
}

const statusOf: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  EntityTooSmall: 400,
  InvalidAccessKeyId: 403,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  MalformedXML: 400,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  XAmzContentSHA256Mismatch: 400,
};

/** An answer without a body. */
export function empty(status: number, headers: Record<string, string> = {}): Reply {
  return { status, headers, body: Buffer.alloc(0) };
}

/** A 200 answer with an XML document. */
export function xml(root: string, value: XmlValue, headers: Record<string, string> = {}): Reply {
  const body = Buffer.from(xmlDocument(root, value));
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body };
}

/** S3's error document with the status that belongs to the code. */
export function errorReply(code: string, message = code, status = statusOf[code] ?? 500): Reply {
  const document = xmlDocument('Error', { Code: code, Message: message, RequestId: 'scripted' });
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(document) };
}

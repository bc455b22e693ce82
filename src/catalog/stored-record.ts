import * as z from 'zod';
import { Failure } from '../errors.ts';
import type { Store } from '../store/store.ts';

/** How records of one kind are read, and what a reader is told of one that cannot be. */
export interface RecordKind<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** The newest `schemaVersion` that this program knows. */
  readonly version: number;
  /** What reads a newer one, after `Use a newer pg-offsite`. */
  readonly elseUse: string;
  readonly damagedHint: string;
}

/**
 * The most values and names that are read of a record: more than twice as many as a manifest of 100,000 tables and
 * sequences has. Each can be written in three bytes and take fifty of memory, so that a limit of bytes is not enough.
 */
const mostValues = 4_000_000;

/**
 * Reads a JSON record that a run has stored. Unknown fields are ignored.
 * @param where its address, for the message.
 * @throws {Failure} `verification` when it is no such record, or of a newer schema than this program knows.
 */
export function parseRecord<Schema extends z.ZodType>(
  { schema, version, elseUse, damagedHint }: RecordKind<Schema>,
  text: string,
  where: string,
): z.infer<Schema> {
  if (hasMoreValues(text, mostValues)) {
    throw new Failure('verification', `${where} holds more values than any record`, { retryable: false });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Failure('verification', `${where} is not valid JSON`, { cause, retryable: false });
  }
  const found = z.object({ schemaVersion: z.number() }).safeParse(value);
  if (found.success && found.data.schemaVersion > version) {
    throw new Failure('verification', `${where} has schema version ${String(found.data.schemaVersion)}`, {
      hint: `This pg-offsite reads versions up to ${String(version)}. Use a newer pg-offsite${elseUse}.`,
      retryable: false,
    });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Failure('verification', `${where} is damaged: ${z.prettifyError(parsed.error).split('\n')[0] ?? ''}`, {
    hint: damagedHint,
    cause: parsed.error,
    retryable: false,
  });
}

/** Whether JSON has more values and names than this many, found without reading it. Of what is no JSON the answer says nothing. */
function hasMoreValues(text: string, most: number): boolean {
  // The shortest value is one character, and another separates it from the next.
  if (text.length < 2 * most) return false;
  let marks = 0;
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isString = !isString;
    else if (isString && character === '\\') at += 1;
    else if (!isString && (character === ',' || character === '[' || character === '{' || character === ':'))
      marks += 1;
    if (marks > most) return true;
  }
  return false;
}

/** The text of a small object; undefined when it is larger than this many bytes. Throws what the store throws. */
export async function readText(
  store: Store,
  key: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await readBytes(store, key, maxBytes, signal))?.toString('utf8');
}

/** The same as it is stored. */
export async function readBytes(
  store: Store,
  key: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of store.get(key, signal)) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks);
}

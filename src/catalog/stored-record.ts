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
 * Reads a JSON record that a run has stored. Unknown fields are ignored.
 * @param where its address, for the message.
 * @throws {Failure} `verification` when it is no such record, or of a newer schema than this program knows.
 */
export function parseRecord<Schema extends z.ZodType>(
  { schema, version, elseUse, damagedHint }: RecordKind<Schema>,
  text: string,
  where: string,
): z.infer<Schema> {
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
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

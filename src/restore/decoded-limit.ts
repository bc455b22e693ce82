import prettyBytes from 'pretty-bytes';
import { dumpsOf, type Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';

/** How large artifacts may become when they are decoded. */
export interface DecodedLimit {
  readonly bytes: number;
  /** The artifact's address: its failures begin with it. */
  readonly address: string;
  /** What was decoded so far, where several artifacts share the limit. */
  readonly together?: { bytes: number };
}

/** Rows as text, and values that the server kept compressed, are larger in a dump than in the database's files. */
const timesDatabase = 20;
/** By more than that even (pglz makes less of a text by up to 87 times), so what was seen counts; its last second was not. */
const timesDumped = 2;
const leastBytes = 1024 ** 3;

/** The limit that `RESTORE_MAX_SIZE` sets. A few megabytes of zstd can hold as many terabytes of zeros. */
export function decodedLimit(maxSize: number | 'auto', manifest: Manifest, address: string): DecodedLimit {
  if (maxSize !== 'auto') return { bytes: maxSize, address };
  const dumped = dumpsOf(manifest).reduce((sum, { dumpedBytes = 0 }) => sum + dumpedBytes, 0);
  const foreseen = Math.max(timesDatabase * manifest.server.databaseBytes, timesDumped * dumped);
  return { bytes: foreseen + leastBytes, address };
}

/** The same things, whose limits from now on count what all of them decode to, each read once. */
export function limitedTogether<T extends { readonly limit: DecodedLimit }>(sources: readonly T[]): T[] {
  const together = { bytes: 0 };
  return sources.map((source) => ({ ...source, limit: { ...source.limit, together } }));
}

/**
 * The same bytes again, up to the limit.
 * @throws {Failure} `dump` at the first chunk beyond it, which is not passed on.
 */
export async function* limited(
  source: AsyncIterable<Uint8Array>,
  { bytes, address, together }: DecodedLimit,
): AsyncGenerator<Uint8Array, void, undefined> {
  const passed = together ?? { bytes: 0 };
  for await (const chunk of source) {
    passed.bytes += chunk.length;
    if (passed.bytes > bytes) {
      const decodes = together === undefined ? 'decodes' : 'and what belongs to it decode';
      throw new Failure('dump', `${address} ${decodes} to more than ${prettyBytes(bytes)}, and was read no further`, {
        hint: 'If the database really is that large, set RESTORE_MAX_SIZE to more. If not, somebody has put an object there that would fill a disk.',
        retryable: false,
      });
    }
    yield chunk;
  }
}

import prettyBytes from 'pretty-bytes';
import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';

/** How large one artifact may become when it is decoded. */
export interface DecodedLimit {
  readonly bytes: number;
  /** The artifact's address: its failures begin with it. */
  readonly address: string;
}

/** Rows as text, and values that the server kept compressed, are larger in a dump than in the database's files. */
const timesDatabase = 20;
const leastBytes = 1024 ** 3;

/** The limit that `RESTORE_MAX_SIZE` sets. A few megabytes of zstd can hold as many terabytes of zeros. */
export function decodedLimit(maxSize: number | 'auto', { server }: Manifest, address: string): DecodedLimit {
  return { bytes: maxSize === 'auto' ? timesDatabase * server.databaseBytes + leastBytes : maxSize, address };
}

/**
 * The same bytes again, up to the limit.
 * @throws {Failure} `dump` at the first chunk beyond it, which is not passed on.
 */
export async function* limited(
  source: AsyncIterable<Uint8Array>,
  { bytes, address }: DecodedLimit,
): AsyncGenerator<Uint8Array, void, undefined> {
  let passed = 0;
  for await (const chunk of source) {
    passed += chunk.length;
    if (passed > bytes) {
      throw new Failure('dump', `${address} decodes to more than ${prettyBytes(bytes)}, and was read no further`, {
        hint: 'If the database really is that large, set RESTORE_MAX_SIZE to more. If not, somebody has put an object there that would fill a disk.',
        retryable: false,
      });
    }
    yield chunk;
  }
}

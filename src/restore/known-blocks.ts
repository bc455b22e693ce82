import { createHash } from 'node:crypto';
import { Failure } from '../errors.ts';

/** How much is held back until its hash is known to be right. */
const blockBytes = 1024 ** 2;

/** The SHA-256 of each block of an object that was read to its end and found as its manifest records it. */
export type KnownBlocks = readonly Buffer[];

/** The hashes of the blocks of a stream. Throws what the source throws. */
export async function hashBlocks(source: AsyncIterable<Uint8Array>): Promise<KnownBlocks> {
  const known: Buffer[] = [];
  for await (const block of inBlocks(source)) known.push(hash(block));
  return known;
}

/**
 * The same bytes, each block only after its hash has been compared: a store that gives other bytes the second time gives them
 * to nobody.
 * @throws {Failure} `verification`.
 */
export async function* onlyKnown(
  source: AsyncIterable<Uint8Array>,
  known: KnownBlocks,
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let index = 0;
  for await (const block of inBlocks(source)) {
    if (known[index]?.equals(hash(block)) !== true) {
      throw new Failure('verification', `${where} has changed since it was checked`, {
        hint: 'Something changes the stored object while it is read. Do not trust the store before you know what.',
        retryable: false,
      });
    }
    index += 1;
    yield block;
  }
}

/** In blocks of one size; the last may be shorter. */
async function* inBlocks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    let rest = chunk;
    while (bytes + rest.length >= blockBytes) {
      const part = rest.subarray(0, blockBytes - bytes);
      rest = rest.subarray(part.length);
      yield Buffer.concat([...held, part]);
      [held, bytes] = [[], 0];
    }
    if (rest.length === 0) continue;
    held.push(Uint8Array.from(rest));
    bytes += rest.length;
  }
  if (bytes > 0) yield Buffer.concat(held);
}

function hash(block: Uint8Array): Buffer {
  return createHash('sha256').update(block).digest();
}

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { hashBlocks, onlyKnown } from '../../src/restore/known-blocks.ts';

const MiB = 1024 ** 2;

/** Bytes in chunks of one size. */
async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What came through, and how it ended. */
async function read(source: AsyncIterable<Uint8Array>): Promise<{ got: Buffer; error: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of source) chunks.push(chunk);
    return { got: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { got: Buffer.concat(chunks), error };
  }
}

describe('bytes that were read before come through', () => {
  for (const length of [0, 1, MiB - 1, MiB, MiB + 1, 3 * MiB + 5]) {
    test(`when they are the same: ${String(length)}`, async () => {
      const bytes = randomBytes(length);
      const known = await hashBlocks(inChunks(bytes, 100_000));
      for (const size of [1 + Math.floor(length / 7), 64 * 1024, 2 * MiB]) {
        const { got, error } = await read(onlyKnown(inChunks(bytes, size), known, 'x'));
        assert.equal(error, undefined);
        assert.ok(got.equals(bytes));
      }
    });
  }

  test('up to the block that has changed, and nothing of that', async () => {
    const bytes = randomBytes(3 * MiB + 5);
    const known = await hashBlocks(inChunks(bytes, 65_536));
    for (const [at, whole] of [
      [0, 0],
      [MiB, 1],
      [2 * MiB - 1, 1],
      [3 * MiB + 4, 3],
    ] as const) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const { got, error } = await read(onlyKnown(inChunks(changed, 65_536), known, 's3://b/k'));
      assert.equal((error as Error).message, 's3://b/k has changed since it was checked');
      assert.ok(got.equals(bytes.subarray(0, whole * MiB)));
    }
  });

  test('and no more than they were', async () => {
    const bytes = randomBytes(MiB);
    const known = await hashBlocks(inChunks(bytes, MiB));
    const { got, error } = await read(onlyKnown(inChunks(Buffer.concat([bytes, Buffer.from('x')]), 1000), known, 'x'));
    assert.ok(error instanceof Error);
    assert.ok(got.equals(bytes));
  });
});

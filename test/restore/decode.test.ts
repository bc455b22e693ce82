import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { holdLast } from '../../src/restore/decode.ts';

/** Pieces in one buffer that is used again for each, as those of programs are; what was given out is overwritten. */
async function* reused(lengths: readonly number[], failure?: Error): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.alloc(Math.max(...lengths));
  for (const [index, length] of lengths.entries()) {
    buffer.fill(index + 1);
    yield buffer.subarray(0, length);
    buffer.fill(0xff);
  }
  await Promise.resolve();
  if (failure) throw failure;
}

async function take(source: AsyncIterable<Uint8Array>, onPiece?: (bytes: number) => void): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) {
    onPiece?.(piece.length);
    pieces.push(Uint8Array.from(piece));
  }
  return Buffer.concat(pieces);
}

describe('a stream whose end is held back', () => {
  for (const lengths of [[1], [4096], [4097], [10, 100_000, 3, 0, 5000], [1_048_576, 1, 1_048_576]]) {
    const expected = Buffer.concat(lengths.map((length, index) => Buffer.alloc(length, index + 1)));

    test(`is the same in the end (${lengths.join(', ')} bytes)`, async () => {
      assert.ok((await take(holdLast(reused(lengths)))).equals(expected));
    });

    test(`is not whole before its check has passed (${lengths.join(', ')} bytes)`, async () => {
      let [given, before] = [0, -1];
      const whole = holdLast(reused(lengths), () => {
        before = given;
      });
      await take(whole, (bytes) => {
        given += bytes;
      });
      assert.ok(before >= 0 && before < expected.length, `${String(before)} of ${String(expected.length)}`);
      assert.equal(given, expected.length);
    });

    for (const where of ['source', 'check'] as const) {
      test(`is never whole where its ${where} fails (${lengths.join(', ')} bytes)`, async () => {
        const failure = new Error('damaged');
        let given = 0;
        const check = (): void => {
          if (where === 'check') throw failure;
        };
        const held = holdLast(reused(lengths, where === 'source' ? failure : undefined), check);
        const reading = take(held, (bytes) => {
          given += bytes;
        });
        await assert.rejects(reading, (error) => error === failure);
        assert.ok(given < expected.length);
      });
    }
  }

  test('is empty where nothing comes', async () => {
    assert.equal((await take(holdLast(reused([0])))).length, 0);
  });
});

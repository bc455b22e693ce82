import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PartCutter } from '../../src/store/part-cutter.ts';

function cutter(partBytes: number, limitBytes = Infinity): PartCutter {
  return new PartCutter({ partBytes, limitBytes, overLimit: () => new Error('too long') });
}

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe('cutting a stream into parts', () => {
  it('gives equal parts that make up the stream, whatever its chunks and however buffers are used again', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 25 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 12 }), async (chunks, partBytes) => {
        const cut = cutter(partBytes);
        const copies: Buffer[] = [];
        const numbers: number[] = [];
        let last = false;
        for await (const part of cut.cut(stream(chunks))) {
          assert.equal(last, false, 'nothing follows the last part');
          last = part.lastPart ?? false;
          if (!last) assert.equal(part.data.length, partBytes);
          copies.push(Buffer.from(part.data));
          numbers.push(part.partNumber);
          cut.release(part.data);
        }
        const whole = Buffer.concat(chunks);
        assert.ok(last);
        assert.ok(Buffer.concat(copies).equals(whole));
        assert.deepEqual(
          numbers,
          Array.from({ length: Math.max(1, Math.ceil(whole.length / partBytes)) }, (_, i) => i + 1),
        );
        assert.equal(cut.bytes, whole.length);
      }),
    );
  });

  it('never touches a part that was not released', async () => {
    const cut = cutter(4);
    const parts: Uint8Array[] = [];
    for await (const part of cut.cut(stream([Buffer.from('aaaabbbbccccd')]))) parts.push(part.data);
    assert.deepEqual(
      parts.map(String),
      ['aaaa', 'bbbb', 'cccc', 'd'].map((text) => String(Buffer.from(text))),
    );
    assert.equal(new Set(parts.map(({ buffer }) => buffer)).size, 4);
  });

  it('uses a released buffer again', async () => {
    const cut = cutter(4);
    const buffers = new Set<ArrayBufferLike>();
    for await (const part of cut.cut(stream([Buffer.from('aaaabbbbccccd')]))) {
      buffers.add(part.data.buffer);
      cut.release(part.data);
    }
    assert.equal(buffers.size, 1);
  });

  it('fails before it gives out a part beyond the limit', async () => {
    const cut = cutter(4, 8);
    const seen: number[] = [];
    const reading = (async () => {
      for await (const part of cut.cut(stream([Buffer.alloc(8), Buffer.alloc(1)]))) seen.push(part.partNumber);
    })();
    await assert.rejects(reading, /too long/);
    assert.deepEqual(seen, [1]);
  });
});

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { measure, Meter } from '../../src/pipeline/meter.ts';

async function* pieces(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

/** What the stock tools say: sha256sum, and the CRC that gzip writes into its trailer. */
function stock(data: Buffer): { bytes: number; sha256: string; crc32: number } {
  const sum = spawnSync('sha256sum', { input: data, encoding: 'utf8' }).stdout;
  const gzip = spawnSync('gzip', ['-c', '-1'], { input: data, maxBuffer: 2 ** 24 }).stdout;
  return { bytes: data.length, sha256: sum.slice(0, 64), crc32: gzip.readUInt32LE(gzip.length - 8) };
}

describe('a stream is measured as sha256sum and gzip measure it', () => {
  for (const bytes of [0, 1, 65_535, 65_536, 65_537]) {
    const data = randomBytes(bytes);
    for (const [how, size] of [
      ['whole', Math.max(bytes, 1)],
      ['in pieces of 4,099 bytes', 4099],
      ['byte by byte', 1],
    ] as const) {
      test(`${String(bytes)} bytes, ${how}`, async () => {
        assert.deepEqual(await measure(pieces(data, size)), stock(data));
      });
    }
  }
});

test('the bytes pass unchanged and in order, empty chunks too', async () => {
  const data = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('two')];
  async function* source(): AsyncGenerator<Buffer> {
    yield* data;
  }
  const passed: Uint8Array[] = [];
  for await (const chunk of new Meter().pass(source())) passed.push(chunk);
  assert.deepEqual(passed, data);
});

test('what the source throws is thrown, and what had passed stays counted', async () => {
  const broken = new Error('broken');
  async function* source(): AsyncGenerator<Buffer> {
    yield Buffer.from('12345');
    throw broken;
  }
  const meter = new Meter();
  await assert.rejects(async () => {
    for await (const _chunk of meter.pass(source()));
  }, broken);
  assert.equal(meter.bytes, 5);
});

test('who is waited for is the source while it works and the reader while it works', async () => {
  const meter = new Meter();
  const seen: string[] = [];
  async function* source(): AsyncGenerator<Buffer> {
    seen.push(meter.waitingFor);
    yield Buffer.from('x');
    seen.push(meter.waitingFor);
  }
  assert.equal(meter.waitingFor, 'reader');
  for await (const chunk of meter.pass(source())) seen.push(`${meter.waitingFor} has ${String(chunk.length)}`);
  assert.deepEqual(seen, ['source', 'reader has 1', 'source']);
  assert.equal(meter.waitingFor, 'reader');
});

test('a reader that returns early ends the source', async () => {
  let ended = false;
  async function* source(): AsyncGenerator<Buffer> {
    try {
      while (true) yield Buffer.from('x');
    } finally {
      ended = true;
    }
  }
  for await (const _chunk of new Meter().pass(source())) break;
  assert.equal(ended, true);
});

test('time is counted while the reader has a chunk, and from the end on, and not while the source makes one', async () => {
  const order: string[] = [];
  const meter = new Meter();
  const waited = (): number => meter.waitedForReaderMs;
  async function* slow(): AsyncGenerator<Buffer> {
    for (const word of ['one', 'two']) {
      const before = waited();
      await sleep(20);
      assert.equal(waited(), before);
      order.push(word);
      yield Buffer.from(word);
    }
  }
  assert.equal(waited(), 0);
  for await (const _chunk of meter.pass(slow())) {
    const before = waited();
    await sleep(20);
    assert.ok(waited() > before);
  }
  assert.deepEqual(order, ['one', 'two']);
  const atEnd = waited();
  await sleep(20);
  assert.ok(waited() > atEnd);
});

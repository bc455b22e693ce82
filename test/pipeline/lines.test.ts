import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { test } from 'node:test';
import { followLines } from '../../src/pipeline/lines.ts';

async function linesOf(chunks: readonly Buffer[], maxLength = 100): Promise<string[]> {
  const lines: string[] = [];
  const stream = Readable.from(chunks, { objectMode: false });
  followLines(stream, maxLength, (line) => lines.push(line));
  await finished(stream);
  return lines;
}

const text = Buffer.from('first\n\nümläut € 🐘\nlast without newline');
const expected = ['first', '', 'ümläut € 🐘', 'last without newline'];

test('lines come out the same whole, in odd pieces and byte by byte', async () => {
  for (const size of [text.length, 7, 3, 1]) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < text.length; at += size) chunks.push(text.subarray(at, at + size));
    assert.deepEqual(await linesOf(chunks), expected, `pieces of ${String(size)}`);
  }
});

test('only a newline ends a line: names hold every other character that ends lines elsewhere', async () => {
  assert.deepEqual(await linesOf([Buffer.from('a\rb\u2028c\u2029d\ve\n')]), ['a\rb\u2028c\u2029d\ve']);
});

test('an empty stream has no line, and a newline alone is one empty line', async () => {
  assert.deepEqual(await linesOf([]), []);
  assert.deepEqual(await linesOf([Buffer.from('\n')]), ['']);
});

test('long lines are cut, wherever the chunks end, and the next line is whole', async () => {
  const long = Buffer.from(`${'x'.repeat(1000)}\nnext\n`);
  const pieces = Array.from({ length: 101 }, (_, index) => long.subarray(index * 10, index * 10 + 10));
  assert.deepEqual(await linesOf([long], 10), ['x'.repeat(10), 'next']);
  assert.deepEqual(await linesOf(pieces, 10), ['x'.repeat(10), 'next']);
});

test('a line is told as soon as it is complete', () => {
  const stream = new Readable({ read: () => undefined });
  const lines: string[] = [];
  followLines(stream, 100, (line) => lines.push(line));
  stream.push('one\ntw');
  stream.read();
  assert.deepEqual(lines, ['one']);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decompressStage } from '../../src/pipeline/decompress.ts';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { drain, never } from '../support/shell-stage.ts';

const searchPath = process.env['PATH'] ?? '';
const data = Buffer.from('INSERT INTO orders VALUES (1, 2, 3);\n'.repeat(5000));

async function decompressed(compression: 'zstd' | 'gzip', input: Buffer): Promise<Buffer> {
  const stage = await decompressStage(compression, searchPath);
  assert.ok(stage);
  return await drain(joinProcesses([stage], never, Readable.from([input])).output);
}

describe('what is decompressed', () => {
  for (const [compression, stored] of [
    ['zstd', zstdCompressSync(data)],
    ['gzip', gzipSync(data)],
  ] as const) {
    test(`is the same as before (${compression})`, async () => {
      assert.ok((await decompressed(compression, stored)).equals(data));
    });

    test(`is told as damaged where it was cut or is something else (${compression})`, async () => {
      for (const damaged of [stored.subarray(0, -10), data]) {
        await assert.rejects(decompressed(compression, damaged), {
          kind: 'verification',
          message: new RegExp(`^${compression} failed with exit code 1: `),
          hint: 'The stored object is damaged. Restore another backup; see list.',
          retryable: false,
        });
      }
    });
  }
});

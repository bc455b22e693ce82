import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { FormConfig } from '../../src/config/config.ts';
import { compressionSuffix, compressStage, withEffort } from '../../src/pipeline/compress.ts';

const searchPath = process.env['PATH'] ?? '';

function form(compression: FormConfig['compression'], compressionLevel: FormConfig['compressionLevel']): FormConfig {
  return { format: 'custom', compression, compressionLevel, jobs: 1, encryption: { kind: 'none' } };
}

async function compressed(config: FormConfig, input: Buffer): Promise<Buffer> {
  const stage = await compressStage(config, searchPath);
  assert.ok(stage);
  const { stdout, stderr, status } = spawnSync(stage.program, stage.args, { input, env: stage.env });
  assert.equal(String(stderr), '');
  assert.equal(status, 0);
  return stdout;
}

const compressible = Buffer.from('INSERT INTO orders VALUES (1, 2, 3);\n'.repeat(5000));

describe('what comes out is read by the stock tool as it went in', () => {
  const levels = { zstd: [1, 3, 19, 20, 22], gzip: [1, 6, 9] } as const;
  for (const compression of ['zstd', 'gzip'] as const) {
    for (const level of levels[compression]) {
      test(`${compression} at level ${String(level)}`, async () => {
        const input = Buffer.concat([compressible, randomBytes(1000)]);
        const output = await compressed(form(compression, level), input);
        assert.ok(output.length < input.length / 10);
        assert.deepEqual(spawnSync(compression, ['-d', '-c'], { input: output }).stdout, input);
      });
    }
    test(`${compression} of nothing`, async () => {
      const output = await compressed(form(compression, 3), Buffer.alloc(0));
      assert.equal(spawnSync(compression, ['-d', '-c'], { input: output }).stdout.length, 0);
    });
    test(`${compression} finds one flipped bit when it decompresses`, async () => {
      const output = await compressed(form(compression, 3), randomBytes(10_000));
      const at = output.length >> 1;
      output[at] = (output[at] ?? 0) ^ 1;
      assert.notEqual(spawnSync(compression, ['-d', '-c'], { input: output }).status, 0);
    });
  }
});

test('a higher level makes less of the same data', async () => {
  const input = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `${String(index * 7919)}\t`).join(''));
  const sizes = await Promise.all([1, 19].map(async (level) => (await compressed(form('zstd', level), input)).length));
  assert.ok(sizes[1]! < sizes[0]!);
});

test('the same dump compressed twice gives the same bytes: no time or name is put in', async () => {
  for (const compression of ['zstd', 'gzip'] as const) {
    const first = await compressed(form(compression, 3), compressible);
    if (compression === 'gzip') assert.equal(first.readUInt32LE(4), 0, 'the time in the header');
    assert.deepEqual(await compressed(form(compression, 3), compressible), first);
  }
});

test('the same again with any number of workers, whose number is always said', async () => {
  const input = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => `${String(index * 7919)}\t`).join(''));
  const stage = await compressStage(form('zstd', 'auto'), searchPath);
  assert.ok(stage);
  assert.deepEqual(stage.args.slice(-2), ['-T1', '-2']);
  const run = (threads: number, level: number): Buffer => {
    const { program, args, env } = withEffort(stage, { level, threads });
    return spawnSync(program, args, { input, env, maxBuffer: 2 ** 24 }).stdout;
  };
  for (const level of [2, 6]) {
    const one = run(1, level);
    assert.ok(one.length > 1000);
    for (const threads of [2, 4]) assert.ok(run(threads, level).equals(one), `level ${String(level)}`);
  }
});

test('no level that auto or a user can choose needs more memory to read than zstd takes by itself', async () => {
  const stage = await compressStage(form('zstd', 19), searchPath);
  assert.ok(stage);
  const input = randomBytes(20_000_000);
  for (const level of [2, 6, 9, 19]) {
    const { program, args, env } = withEffort(stage, { level, threads: 2 });
    const output = spawnSync(program, args, { input, env, maxBuffer: 2 ** 25 }).stdout;
    // Byte 5 of a frame whose size was not known before: 8 * (log of the window - 10) + its eighths.
    const windowLog = 10 + ((output[5] ?? 255) >> 3);
    assert.ok(windowLog <= 23, `level ${String(level)}: 2^${String(windowLog)} bytes`);
  }
});

test('none has no stage and needs no program', async () => {
  assert.equal(await compressStage(form('none', 0), ''), undefined);
  assert.deepEqual(compressionSuffix, { zstd: '.zst', gzip: '.gz', none: '' });
});

test('a compressor that is not installed is named before anything starts', async () => {
  await assert.rejects(compressStage(form('zstd', 3), '/nowhere'), {
    kind: 'config',
    message: /zstd is not installed/,
  });
});

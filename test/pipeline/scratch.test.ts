import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeScratch, makeScratchIn } from '../../src/pipeline/scratch.ts';

test('a scratch folder is private, in memory where there is such a place, and gone with its contents afterwards', async () => {
  let path: string;
  {
    await using scratch = await makeScratch();
    path = scratch.path;
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.ok(!existsSync('/dev/shm') || path.startsWith('/dev/shm/'));
    await mkdir(join(path, 'private-keys-v1.d'));
    writeFileSync(join(path, 'private-keys-v1.d', 'key'), 'x');
  }
  assert.equal(existsSync(path), false);
});

test('two scratch folders are never the same, and disposing twice does no harm', async () => {
  const scratches = [await makeScratch(), await makeScratch()] as const;
  assert.notEqual(scratches[0].path, scratches[1].path);
  for (const scratch of [...scratches, ...scratches]) await scratch[Symbol.asyncDispose]();
});

test('a folder with room for so much as there is nowhere is refused, with what to do', async () => {
  await assert.rejects(makeScratch(1024 ** 6), {
    kind: 'config',
    message: 'no writable folder has room for 1 EiB of temporary files',
    hint: 'Mount a writable folder that has, and set TMPDIR to it.',
  });
});

test('a scratch folder in a place of its own is private, and refused where there is too little room', async () => {
  await using place = await makeScratch();
  await using scratch = await makeScratchIn(place.path, 1);
  assert.ok(scratch.path.startsWith(place.path));
  assert.equal(statSync(scratch.path).mode & 0o777, 0o700);
  await assert.rejects(makeScratchIn(place.path, 1024 ** 6), {
    kind: 'config',
    message: /^the scratch folder \S+ cannot be used: \S+ has only \d+ bytes left$/,
  });
});

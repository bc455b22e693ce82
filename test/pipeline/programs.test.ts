import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findProgram, isExecutable } from '../../src/pipeline/programs.ts';

const root = mkdtempSync(join(tmpdir(), 'pg-offsite-test-'));
after(() => rmSync(root, { recursive: true }));

function put(folder: string, mode: number): string {
  const path = join(root, folder, 'tool');
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, mode);
  return path;
}

test('the first executable file of that name on the path is taken', async () => {
  put('plain', 0o644);
  mkdirSync(join(root, 'folder', 'tool'), { recursive: true });
  const first = put('first', 0o755);
  put('second', 0o755);
  const path = ['missing', 'plain', 'folder', 'first', 'second'].map((name) => join(root, name)).join(':');
  assert.equal(await findProgram('tool', path), first);
  assert.equal(await isExecutable(first), true);
  assert.equal(await isExecutable(join(root, 'plain', 'tool')), false);
});

test('a program that is on no path is named, with what to do, also when the path is empty', async () => {
  for (const path of [root, '', '::']) {
    await assert.rejects(findProgram('zstd', path), {
      kind: 'config',
      message: 'the program zstd is not installed',
      hint: /Install zstd/,
    });
  }
});

test('an empty entry of the path is not the current folder', async () => {
  await assert.rejects(findProgram('package.json', `:${root}:`), { kind: 'config' });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../src/errors.ts';
import { inBatches } from '../../src/pipeline/batches.ts';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { lasting } from '../support/processes.ts';
import { never, shellStages } from '../support/shell-stage.ts';

const { stage, left } = shellStages();

/** Length and SHA-256 of what comes, looking at each piece before the next is asked for; slow every few pieces. */
async function look(batches: AsyncIterable<Buffer>, pauseMs = 0): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of batches) {
    assert.ok(piece.length > 0);
    if (pauseMs > 0) await sleep(pauseMs);
    bytes += piece.length;
    hash.update(piece);
  }
  return { bytes, sha256: hash.digest('hex') };
}

describe('the output of programs in batches', () => {
  const numbers = 'i=0; while [ $i -lt 12 ]; do seq 100000; i=$((i+1)); done';
  const expected = (): { bytes: number; sha256: string } => {
    const text = Array.from({ length: 100_000 }, (_, i) => `${String(i + 1)}\n`).join('');
    const whole = text.repeat(12);
    return { bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') };
  };

  for (const [how, pauseMs] of [
    ['at once', 0],
    ['by a reader slower than the programs, which have long exited then', 20],
  ] as const) {
    test(`is whole and in order when read ${how}`, async () => {
      const { batches } = joinProcesses([stage('numbers', numbers), stage('cat', 'exec cat')], never);
      assert.deepEqual(await look(batches, pauseMs), expected());
      assert.deepEqual(await lasting(left), []);
    });
  }

  test('is whole when it is asked for only after the programs have exited', async () => {
    const { batches } = joinProcesses([stage('numbers', 'seq 20000')], never);
    while (left().length > 0) await sleep(20);
    await sleep(50);
    assert.equal((await look(batches)).bytes, 108_894);
  });

  test('is given out while a program pauses', async () => {
    const { batches, stop } = joinProcesses([stage('source', 'echo early; exec sleep 60')], never);
    for await (const piece of batches) {
      assert.equal(piece.toString(), 'early\n');
      break;
    }
    await stop();
    assert.deepEqual(await lasting(left), []);
  });

  test('fails after the last piece when a program failed, and ends nothing before', async () => {
    const { batches } = joinProcesses([stage('source', 'seq 200000; exit 3'), stage('cat', 'exec cat')], never);
    let bytes = 0;
    await assert.rejects(async () => {
      for await (const piece of batches) bytes += piece.length;
    }, /source failed with exit code 3/);
    assert.equal(bytes, 1_288_895);
  });

  test('ends with the reason of an abort while nothing comes', async () => {
    const abort = new AbortController();
    const { batches } = joinProcesses([stage('source', 'exec sleep 60')], abort.signal);
    const reading = look(batches);
    const reason = new Failure('sigterm', 'enough');
    setTimeout(() => abort.abort(reason), 50);
    await assert.rejects(reading, (error) => error === reason);
    assert.deepEqual(await lasting(left), []);
  });

  test('leaves memory alone that small reads share with others', async () => {
    const [first, second, neighbour] = ['some ', 'words', 'neighbour'].map((text) => Buffer.from(text));
    assert.equal(first?.buffer, neighbour?.buffer);
    const source = new Readable({ read: () => undefined });
    source.push(first);
    source.push(second);
    source.push(null);
    const pieces: string[] = [];
    for await (const piece of inBatches(source)) pieces.push(piece.toString());
    assert.equal(pieces.join(''), 'some words');
    assert.equal(neighbour?.toString(), 'neighbour');
  });

  test('destroys a stream whose reader has enough, and frees nothing of it that it still gives', async () => {
    const source = new Readable({ read: () => undefined });
    source.push(Buffer.alloc(65_536, 'a'));
    for await (const piece of inBatches(source)) {
      assert.equal(piece.toString(), 'a'.repeat(65_536));
      break;
    }
    assert.equal(source.destroyed, true);
  });

  test('is empty where nothing is written', async () => {
    assert.equal((await look(joinProcesses([stage('source', 'true')], never).batches)).bytes, 0);
  });
});

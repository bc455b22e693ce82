import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { feed } from '../../src/pipeline/feed.ts';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { lasting } from '../support/processes.ts';
import { drain, never, shellStages } from '../support/shell-stage.ts';

async function* pieces(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

describe('what is fed comes out', () => {
  for (const [what, bytes, size] of [
    ['whole', 1_000_000, 1_000_000],
    ['in pieces', 1_000_000, 65_537],
    ['byte by byte', 2000, 1],
    ['empty', 0, 1],
  ] as const) {
    test(what, async () => {
      const { stage, left } = shellStages();
      const data = randomBytes(bytes);
      const joined = joinProcesses([stage('a', 'exec cat'), stage('b', 'exec cat')], never, pieces(data, size));
      assert.ok((await drain(joined.output)).equals(data));
      assert.deepEqual(await lasting(left), []);
    });
  }
});

test('input that throws is what is thrown, and no program sees the end of its input', async () => {
  const { stage, left } = shellStages();
  const marker = join(temporaryFolder(), 'end');
  const thrown = new Failure('verification', 'cut');
  const input = async function* (): AsyncGenerator<Buffer> {
    yield randomBytes(300_000);
    throw thrown;
  };
  const last = stage('last', `cat >/dev/null && echo end >'${marker}'`);
  await assert.rejects(drain(joinProcesses([last], never, input()).output), (error) => error === thrown);
  assert.equal(existsSync(marker), false, 'the program took the cut for the end');
  assert.deepEqual(await lasting(left), []);
  // The marker does come where the input ends well.
  await drain(joinProcesses([last], never, pieces(randomBytes(300_000), 65_536)).output);
  assert.equal(existsSync(marker), true);
});

const endless = (ended: () => void) =>
  (async function* (): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        yield Buffer.alloc(65_536);
      }
    } finally {
      ended();
    }
  })();

for (const [what, script, more, told] of [
  ['fails', 'head -c 10; echo no >&2; exit 3', {}, /^first failed with exit code 3: no$/],
  ['exits with 0', 'head -c 10', {}, /^a program ended before it had read all of its input$/],
  ['exits with 0 as it may', 'head -c 10', { mayStopReading: true }, undefined],
] as const) {
  test(`a program that ${what} before it has read everything; the input is closed`, async () => {
    const { stage, left } = shellStages();
    let closed = false;
    const input = endless(() => {
      closed = true;
    });
    const { output } = joinProcesses([stage('first', script, more)], never, input);
    if (told) await assert.rejects(drain(output), { message: told });
    else assert.equal((await drain(output)).length, 10);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(closed);
    assert.deepEqual(await lasting(left), []);
  });
}

test('an abort while the input is silent ends everything with its reason', async () => {
  const { stage, left } = shellStages();
  const abort = new AbortController();
  const reason = new Failure('sigterm', 'stopped by SIGTERM');
  const marker = join(temporaryFolder(), 'end');
  const silent = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('x');
    await new Promise(() => undefined);
  };
  const stages = [stage('a', `cat && echo end >'${marker}'`)];
  const reading = drain(joinProcesses(stages, abort.signal, silent()).output);
  setTimeout(() => {
    abort.abort(reason);
  }, 100);
  await assert.rejects(reading, (error) => error === reason);
  assert.equal(existsSync(marker), false);
  assert.deepEqual(await lasting(left), []);
});

test('a program that has closed its input without an error has not read everything', async () => {
  const stdin = new PassThrough();
  stdin.destroy();
  let closed = false;
  const input = endless(() => {
    closed = true;
  });
  assert.equal(await feed(stdin, input, never), false);
  assert.ok(closed);
});

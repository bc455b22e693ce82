import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { sideBySide } from '../../src/pipeline/side-by-side.ts';
import { Failure } from '../../src/errors.ts';

const never = new AbortController().signal;

/** Rejects with the reason of the signal, some turns after it is aborted. */
async function untilAborted(signal: AbortSignal, turns: number): Promise<never> {
  while (!signal.aborted) await turn();
  for (let left = turns; left > 0; left--) await turn();
  throw signal.reason;
}

describe('work side by side', () => {
  test('is begun in order, so many at once, and its results are in that order', async () => {
    const begun: number[] = [];
    let now = 0;
    let most = 0;
    const results = await sideBySide([5, 1, 4, 1, 3], 2, never, async (turns) => {
      begun.push(turns);
      most = Math.max(most, ++now);
      for (let left = turns; left > 0; left--) await turn();
      now -= 1;
      return turns * 10;
    });
    assert.deepEqual(results, [50, 10, 40, 10, 30]);
    assert.deepEqual(begun, [5, 1, 4, 1, 3]);
    assert.equal(most, 2);
  });

  test('ends with the first failure, after all of it has ended', async () => {
    const ended: string[] = [];
    const first = new Failure('dump', 'the first');
    await assert.rejects(
      sideBySide(['slow to end', 'fails', 'never begun'], 2, never, async (what, signal) => {
        if (what === 'fails') throw first;
        try {
          await untilAborted(signal, 5);
        } finally {
          ended.push(what);
        }
      }),
      first,
    );
    assert.deepEqual(ended, ['slow to end']);
  });

  test('ends when it is told to, with the reason', async () => {
    const over = new AbortController();
    const reason = new Failure('sigterm', 'stopped');
    const all = sideBySide([1, 2, 3], 2, over.signal, (_item, signal) => untilAborted(signal, 1));
    over.abort(reason);
    await assert.rejects(all, reason);
    await assert.rejects(
      sideBySide([1], 2, over.signal, () => Promise.reject(new Error('begun'))),
      reason,
    );
  });
});

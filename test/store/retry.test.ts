import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { pauseAfter, retry, type RetryOptions, type Tried } from '../../src/store/retry.ts';

const passing = new Error('will pass');
const lasting = new Error('will not pass');

function options(changes: Partial<RetryOptions> = {}): RetryOptions {
  return {
    signal: new AbortController().signal,
    forMs: 60_000,
    isTransient: (error) => error === passing,
    onGiveUp: (error) => error,
    ...changes,
  };
}

/** Fails so many times with the error, then gives the number of calls. */
function failing(times: number, error: Error): () => Promise<number> {
  let calls = 0;
  return () => {
    calls += 1;
    return calls <= times ? Promise.reject(error) : Promise.resolve(calls);
  };
}

describe('trying again', () => {
  it('goes on while the trouble can pass', async () => {
    assert.equal(await retry(failing(2, passing), options()), 3);
  });

  it('throws what will not pass at once', async () => {
    const seen: Tried[] = [];
    const onGiveUp = (error: unknown, tried: Tried): unknown => {
      seen.push(tried);
      return error;
    };
    await assert.rejects(retry(failing(9, lasting), options({ onGiveUp })), (error) => error === lasting);
    assert.deepEqual(
      seen.map(({ attempts }) => attempts),
      [1],
    );
  });

  it('gives up when the time is over, with a last try at its end', async () => {
    let tried: Tried | undefined;
    const onGiveUp = (error: unknown, final: Tried): unknown => {
      tried = final;
      return error;
    };
    await assert.rejects(
      retry(failing(Infinity, passing), options({ forMs: 300, onGiveUp })),
      (error) => error === passing,
    );
    assert.ok(tried && tried.attempts >= 2 && tried.elapsedMs >= 300);
  });

  it('tries once when there is no time', async () => {
    await assert.rejects(retry(failing(1, passing), options({ forMs: 0 })), (error) => error === passing);
  });

  it('does nothing once it is aborted', async () => {
    const reason = new Error('stopped');
    const attempt = (): Promise<never> => assert.fail('was tried');
    await assert.rejects(retry(attempt, options({ signal: AbortSignal.abort(reason) })), (error) => error === reason);
  });

  it('is ended by an abort in the middle of a pause', async (t: TestContext) => {
    const reason = new Error('stopped');
    const abort = new AbortController();
    const onRetry = (): void => void setImmediate(() => abort.abort(reason));
    t.mock.method(Math, 'random', () => 1);
    const trying = retry(failing(Infinity, passing), options({ signal: abort.signal, onRetry }));
    await assert.rejects(trying, (error) => error === reason);
  });

  it('throws the reason of an abort rather than what the abort made fail', async () => {
    const reason = new Error('stopped');
    const abort = new AbortController();
    const attempt = (): Promise<never> => {
      abort.abort(reason);
      return Promise.reject(lasting);
    };
    await assert.rejects(retry(attempt, options({ signal: abort.signal })), (error) => error === reason);
  });

  it('doubles its pauses up to twenty seconds, half of each by chance', () => {
    const longest = [1, 2, 3, 7, 8, 50, 5000].map((attempts) => pauseAfter(attempts, () => 1));
    assert.deepEqual(longest, [250, 500, 1000, 16_000, 20_000, 20_000, 20_000]);
    assert.equal(
      pauseAfter(3, () => 0),
      500,
    );
  });
});

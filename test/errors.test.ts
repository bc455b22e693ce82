import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure, type FailureKind, failureKinds, throwIfAborted, toFailure } from '../src/errors.ts';

test('every kind has an exit code of its own, none of which is 0 or that of a shell', () => {
  const codes = Object.values(failureKinds).map(({ exitCode }): number => exitCode);
  assert.equal(new Set(codes).size, codes.length);
  for (const code of codes) assert.ok(code >= 64 && code <= 143 && code !== 126 && code !== 127, String(code));
});

test('a failure carries the exit code of its kind', () => {
  for (const [kind, { exitCode, retryable }] of Object.entries(failureKinds)) {
    const failure = new Failure(kind as FailureKind, 'x');
    assert.equal(failure.exitCode, exitCode);
    assert.equal(failure.retryable, retryable);
    assert.equal(new Failure(kind as FailureKind, 'x', { retryable: !retryable }).retryable, !retryable);
  }
});

describe('what was thrown', () => {
  test('stays what it is when it is a failure', () => {
    const failure = new Failure('store', 'x');
    assert.equal(toFailure(failure), failure);
  });

  test('becomes a bug with its cause when it is anything else, an Error or not', () => {
    const error = new TypeError('x is not a function');
    for (const [thrown, message] of [
      [error, 'unexpected error: x is not a function'],
      ['text', 'unexpected error: text'],
      [undefined, 'unexpected error: undefined'],
      [null, 'unexpected error: null'],
    ] as const) {
      const failure = toFailure(thrown);
      assert.equal(failure.kind, 'bug');
      assert.equal(failure.exitCode, 70);
      assert.equal(failure.message, message);
      assert.equal(failure.cause, thrown);
      assert.match(failure.hint ?? '', /report it/);
    }
  });
});

test('an aborted signal throws its reason, and another one nothing', () => {
  const reason = new Failure('deadline', 'too late');
  throwIfAborted(new AbortController().signal);
  assert.throws(() => throwIfAborted(AbortSignal.abort(reason)), reason);
  assert.throws(() => throwIfAborted(AbortSignal.abort()), { kind: 'bug' });
});

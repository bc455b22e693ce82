/**
 * The chunks of a stream until the signal is aborted: then it rejects at once with the signal's reason, however long the
 * source is silent. The source is told to end but not waited for, since one that has stalled would never answer.
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<T>>();
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      iterator.next().then(resolve, reject);
      const next = await promise.finally(() => signal.removeEventListener('abort', onAbort));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

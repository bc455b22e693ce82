/** Acts so many ms after the signal was aborted, unless it is disposed of by then. */
export function afterAbort(signal: AbortSignal, ms: number, act: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(act, ms);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    },
  };
}

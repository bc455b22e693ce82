import { throwIfAborted } from '../errors.ts';

/**
 * Works on items in their order, so many at once: where one is done the next is begun. The first failure ends all others.
 * @param work gets a signal that is aborted with the first failure, or when the given one is.
 * @returns the results in the order of the items, once all of them are there.
 * @throws the first rejection, once no work goes on any more; the signal's reason.
 */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const results: Result[] = [];
  let first: { readonly error: unknown } | undefined;
  // One iterator for all of them: each takes what is next.
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (either.aborted) return;
      try {
        results[index] = await work(item, either);
      } catch (error) {
        first ??= { error };
        over.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (first) throw first.error;
  throwIfAborted(signal);
  return results;
}

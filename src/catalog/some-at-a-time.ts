/** Works on items in their order, so many at once; the results are in the same order. The first rejection rejects. */
export async function someAtATime<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const done: R[] = [];
  // One iterator for all of them: each takes what is next.
  const left = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) done[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}

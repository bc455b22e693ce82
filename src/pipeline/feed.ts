import type { Writable } from 'node:stream';

/**
 * Writes a stream into a program's standard input and closes it at the stream's end. Resolves to whether the program took
 * all of it. Rejects with what the stream throws, and then leaves the input open: a program that reads its end would take
 * it for complete, so it must be ended first.
 * @param ended aborted when the program is being ended; nothing more is read or written then.
 */
export async function feed(
  stdin: Writable | null | undefined,
  input: AsyncIterable<Uint8Array> | undefined,
  ended: AbortSignal,
): Promise<boolean> {
  if (!stdin || !input) return input === undefined;
  const state = { refused: false };
  stdin.on('error', () => {
    state.refused = true;
  });
  for await (const chunk of input) {
    if (ended.aborted || state.refused) return false;
    await new Promise<void>((resolve) => {
      // The callback alone tells of a program that has closed its input without an error.
      stdin.write(chunk, (error) => {
        state.refused ||= error !== null && error !== undefined;
        resolve();
      });
    });
  }
  if (ended.aborted) return false;
  await new Promise<void>((resolve) => {
    stdin.once('close', resolve);
    stdin.end(resolve);
  });
  return !state.refused;
}

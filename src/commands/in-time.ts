import { Failure } from '../errors.ts';

/**
 * Lets work go on for so many ms: then its signal is aborted, and this rejects at once with a Failure of kind `deadline`,
 * whether or not the work listens.
 */
export async function inTime<T>(ms: number, what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const failure = new Failure('deadline', `${what} did not answer in time`);
    late.abort(failure);
    reject(failure);
  }, ms);
  try {
    return await Promise.race([work(late.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}

import { pause } from '../retry.ts';
import type { Bucket, ObjectHead } from './bucket.ts';
import type { Call } from './client.ts';
import { isMissing } from './errors.ts';

const pausesMs = [100, 400, 1000];

/** The object's head, or undefined when it is still missing after 1.5 s: some stores show a new object late. */
export async function lookUp(bucket: Bucket, key: string, call: Call): Promise<ObjectHead | undefined> {
  for (const pauseMs of [...pausesMs, undefined]) {
    try {
      return await bucket.head(key, call);
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (pauseMs !== undefined) await pause(pauseMs, call.signal);
    }
  }
  return undefined;
}

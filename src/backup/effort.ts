import { availableParallelism } from 'node:os';
import { backupFolder, fileNames } from '../catalog/keys.ts';
import { readManifest } from '../catalog/catalog.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { someAtATime } from '../catalog/some-at-a-time.ts';
import { Failure } from '../errors.ts';
import { type Effort, usualEffort } from '../pipeline/compress.ts';
import { chooseLevel, trialOf, workersFor } from './compression-level.ts';
import type { RunContext } from './context.ts';
import type { Ready } from './ready.ts';

/** How many earlier backups `auto` goes by: what was found out longer ago may no longer be so, and is tried again. */
const lookedAt = 7;

/** What compressing and storing a dump took: see `effort` of the manifest. */
export type Spent = NonNullable<Manifest['effort']>;

/**
 * What zstd may spend on this dump.
 * @param atOnce how many lanes there are side by side.
 * @param earlier ids of the complete backups of the database, oldest first; undefined where the store does not let us look.
 */
export async function decideEffort(
  { config, log }: Pick<RunContext, 'config' | 'log'>,
  ready: Pick<Ready, 'store' | 'signal'>,
  atOnce: number,
  earlier: Promise<readonly string[] | undefined>,
): Promise<Effort> {
  const { form, source, databases } = config;
  if (form.compression !== 'zstd') return usualEffort(form);
  const side = atOnce * (databases?.concurrency ?? 1);
  const cores = Math.floor(availableParallelism() / side);
  if (form.compressionLevel !== 'auto')
    return { level: form.compressionLevel, threads: workersFor(form.compressionLevel, side, cores) };
  const newest = ((await earlier) ?? []).slice(-lookedAt).reverse();
  const trials = await someAtATime(newest, 4, async (id) => {
    const key = backupFolder(source.connection.database, id) + fileNames.manifest;
    try {
      return trialOf(await readManifest(ready.store, key, ready.signal), form.format);
    } catch (error) {
      // One less to learn from: pruned in the meantime, damaged, or not to be read with these credentials.
      if (ready.signal.aborted || !(error instanceof Failure)) throw error;
      return undefined;
    }
  });
  const { level, threads, why } = chooseLevel(
    trials.filter((trial) => trial !== undefined),
    side,
    cores,
  );
  log.info(`compressing at level ${String(level)}: ${why}`);
  return { level, threads };
}

/** What all lanes spent; undefined where nobody could measure one. */
export function sumOfSpent(spent: readonly (Spent | undefined)[]): Spent | undefined {
  const [first, ...others] = spent.filter((one) => one !== undefined);
  if (!first) return undefined;
  return others.reduce(
    (sum, { seconds, waitedSeconds, cpuSeconds }) => ({
      ...sum,
      seconds: sum.seconds + seconds,
      waitedSeconds: sum.waitedSeconds + waitedSeconds,
      cpuSeconds: sum.cpuSeconds + cpuSeconds,
    }),
    first,
  );
}

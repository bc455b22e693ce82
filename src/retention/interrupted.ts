import type { Entry } from '../catalog/entries.ts';
import { timeOfId } from '../catalog/ids.ts';
import { fileNames, isArtifactFile } from '../catalog/keys.ts';
import { readText } from '../catalog/stored-record.ts';
import { Failure } from '../errors.ts';
import type { Store } from '../store/store.ts';

const dayMs = 86_400_000;
/** So old what a killed run has left has to be, at least. The job that prunes need not know the limit of the one that dumps. */
const killedRunMs = 7 * dayMs;
/** The most that is read of `SHA256SUMS`: thousands of lines. */
const maxSumsBytes = 1024 * 1024;

/** When a left-over may be told from a run that is under way. */
export interface RunLimits {
  /** By the store's clock: see {@link storeTime}. */
  readonly now: Date;
  readonly backupTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** The store's clock as far as its objects tell: never later than it is. */
export function storeTime(entries: readonly Entry[]): Date {
  let newest = 0;
  for (const { objects } of entries) {
    for (const { lastModified } of objects) newest = Math.max(newest, lastModified.getTime());
  }
  return new Date(newest);
}

/**
 * What has left a folder without a manifest; undefined where a run may still be at it, or nobody can say. A prune takes
 * the manifest, then the data and the rest, `SHA256SUMS` last. A backup run writes the data, then `SHA256SUMS`,
 * `RESTORE.md`, the manifest. So
 *
 * - no `SHA256SUMS`: a run under way, or a killed one. Nothing in the folder tells them apart, so its age must: older
 *   than any run may be, and by a day more, and than a week. The name must be as old, too.
 * - `SHA256SUMS` that names data which is not there: no run ever leaves that, a prune does.
 * - `SHA256SUMS` and all the data: a prune that got no further than the manifest, or a run that is just about to write
 *   its manifest. Its age must tell again: older than any run may be, and than a day.
 *
 * The age is by the store's clock, since the id is of the clock of the machine that runs the backup, which may be
 * wrong: taking the data from under such a run would make it report a backup that is none.
 */
export async function leftBy(store: Store, entry: Entry, limits: RunLimits): Promise<'prune' | 'run' | undefined> {
  const { folder, objects, complete, hollow } = entry;
  const { now, backupTimeoutMs, signal } = limits;
  if (complete || hollow) return undefined;
  const ageMs = now.getTime() - Math.max(...objects.map(({ lastModified }) => lastModified.getTime()));
  const sums = objects.find(({ key }) => key === folder + fileNames.sums);
  if (!sums) {
    const namedMs = now.getTime() - (timeOfId(entry.id) ?? now).getTime();
    return Math.min(ageMs, namedMs) > Math.max(backupTimeoutMs + dayMs, killedRunMs) ? 'run' : undefined;
  }
  const named = await namesIn(store, sums.key, signal);
  if (named === undefined) return undefined;
  if (ageMs > Math.max(backupTimeoutMs, dayMs)) return 'prune';
  for (const name of named.filter((file) => !objects.some(({ key }) => key === folder + file))) {
    // Asked once more: a store may list late what a run has just stored.
    if (await isGone(store, folder + name, signal)) return 'prune';
  }
  return undefined;
}

/** A key that may not read data cannot tell what is missing from what is forbidden: then the folder's age must do. */
async function isGone(store: Store, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await store.head(key, signal)) === undefined;
  } catch (error) {
    if (error instanceof Failure && error.kind === 'denied') return false;
    throw error;
  }
}

/** The data files in `SHA256SUMS`; undefined when it is not as we write it, or gone meanwhile. */
async function namesIn(store: Store, key: string, signal: AbortSignal): Promise<string[] | undefined> {
  let text: string | undefined;
  try {
    text = await readText(store, key, maxSumsBytes, signal);
  } catch (error) {
    signal.throwIfAborted();
    if ((await store.head(key, signal)) === undefined) return undefined;
    throw error;
  }
  if (text === undefined) return undefined;
  const lines = text.trimEnd().split('\n');
  const names = lines.map((line) => /^[0-9a-f]{64} {2}(\S+)$/.exec(line)?.[1]);
  return names.every((name) => name !== undefined && isArtifactFile(name)) ? (names as string[]) : undefined;
}

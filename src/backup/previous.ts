import { listBackupIds, readManifest } from '../catalog/catalog.ts';
import { backupFolder, fileNames } from '../catalog/keys.ts';
import type { Artifact, Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';

/**
 * The newest complete backup of the database before this run, to compare sizes with; undefined when there is none, or
 * when the store does not let us look, which is logged and no reason to fail.
 */
export async function previousBackup(
  store: Store,
  database: string,
  log: Log,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  try {
    const newest = (await listBackupIds(store, database, signal)).at(-1);
    if (newest === undefined) return undefined;
    return await readManifest(store, backupFolder(database, newest) + fileNames.manifest, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    log.info(`skipped the comparison with the previous backup: ${error.message}`);
    return undefined;
  }
}

/**
 * The warning for a dump that is smaller than the previous one by more than the given fraction, or undefined. Only like
 * is compared with like: another format, compression or encryption says nothing.
 */
export function shrinkWarning(artifact: Artifact, previous: Manifest | undefined, alert: number): string | undefined {
  const before = previous?.artifacts.find(
    ({ lane, format, compression, encryption }) =>
      lane === artifact.lane &&
      format === artifact.format &&
      compression === artifact.compression &&
      encryption === artifact.encryption,
  );
  if (!previous || !before || alert <= 0 || artifact.bytes >= before.bytes * (1 - alert)) return undefined;
  const percent = Math.round((1 - artifact.bytes / before.bytes) * 100);
  return `the dump shrank by ${String(percent)}% against ${previous.id} (${String(before.bytes)} to ${String(artifact.bytes)} bytes); is something missing from the database?`;
}

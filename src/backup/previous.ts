import { listBackupIds, readManifest } from '../catalog/catalog.ts';
import { timeOfId } from '../catalog/ids.ts';
import { backupFolder, fileNames } from '../catalog/keys.ts';
import { type Artifact, dumpsOf, type Manifest } from '../catalog/manifest.ts';
import type { ScheduleConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { describeMissed, missedBefore } from '../schedule/missed.ts';
import type { Store } from '../store/store.ts';

/** The newest complete backup of the database before this run. */
export interface Previous {
  readonly id: string;
  readonly begun: Date;
  /** Undefined when it could not be read, which is logged. */
  readonly manifest: Manifest | undefined;
}

/**
 * The ids of the complete backups before this run, oldest first; undefined when the store does not let us look, which is
 * logged and no reason to fail.
 */
export async function earlierBackups(
  store: Store,
  database: string,
  log: Log,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  try {
    return await listBackupIds(store, database, signal);
  } catch (error) {
    skipped(error, log, signal);
    return undefined;
  }
}

/** The last of the backups before this run, to compare with; undefined when there is none, or none is known. */
export async function previousBackup(
  store: Store,
  database: string,
  earlier: readonly string[] | undefined,
  log: Log,
  signal: AbortSignal,
): Promise<Previous | undefined> {
  const id = earlier?.at(-1);
  const begun = id === undefined ? undefined : timeOfId(id);
  if (id === undefined || begun === undefined) return undefined;
  try {
    const manifest = await readManifest(store, backupFolder(database, id) + fileNames.manifest, signal);
    return { id, begun, manifest };
  } catch (error) {
    skipped(error, log, signal);
    return { id, begun, manifest: undefined };
  }
}

function skipped(error: unknown, log: Log, signal: AbortSignal): void {
  if (signal.aborted || !(error instanceof Failure)) throw error;
  log.info(`skipped the comparison with the previous backup: ${error.message}`);
}

/**
 * How many ticks of the schedule passed without a backup since the previous one, that of this run left out, and the
 * warning about them; undefined where there is no schedule or no earlier backup to go by.
 */
export function gapBefore(
  startedAt: Date,
  previous: Previous | undefined,
  schedule: ScheduleConfig | undefined,
): { readonly ticks: number; readonly warning: string | undefined } | undefined {
  if (!previous || !schedule) return undefined;
  const missed = missedBefore(schedule, previous.begun, startedAt);
  if (!missed) return { ticks: 0, warning: undefined };
  const warning = `${describeMissed(missed)}: the newest backup before this one is ${previous.id}`;
  return { ticks: missed.count, warning };
}

/**
 * The warning for a dump that is smaller than the previous one by more than the given fraction, or undefined. Only like
 * is compared with like: another format, compression or encryption says nothing.
 */
export function shrinkWarning(
  dumps: readonly Artifact[],
  previous: Manifest | undefined,
  alert: number,
): string | undefined {
  const earlier = previous && dumpsOf(previous);
  const [first] = dumps;
  const isLike = earlier?.some(
    ({ format, compression, encryption }) =>
      format === first?.format && compression === first.compression && encryption === first.encryption,
  );
  if (!previous || !earlier || !isLike || alert <= 0) return undefined;
  const [bytes, before] = [dumps, earlier].map((some) => some.reduce((sum, dump) => sum + dump.bytes, 0));
  if (bytes === undefined || before === undefined || bytes >= before * (1 - alert)) return undefined;
  const percent = Math.round((1 - bytes / before) * 100);
  return `the dump shrank by ${String(percent)}% against ${previous.id} (${String(before)} to ${String(bytes)} bytes); is something missing from the database?`;
}

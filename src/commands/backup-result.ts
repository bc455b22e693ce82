import { createHash } from 'node:crypto';
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { describeGlobals } from '../backup/globals.ts';
import type { RetainedBackup } from '../backup/retain.ts';
import { dumpsOf } from '../catalog/manifest.ts';
import { sha256Sums } from '../catalog/sums.ts';
import type { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Ending } from './run-event.ts';
import type { Notified } from './tell.ts';

/** How the backup of one database went: the result line of a run about one, an item of that of a run about several. */
export interface DatabaseResult {
  readonly outcome: 'success' | 'failure';
  readonly exitCode: number;
  readonly database?: string;
  readonly id?: string;
  readonly location?: string;
  readonly bytes?: number;
  /** Of the dump; of a backup in lanes that of its `SHA256SUMS`. */
  readonly sha256?: string;
  readonly verified?: string;
  /** Roles and settings beside the dump. */
  readonly globals?: 'with passwords' | 'without passwords' | 'none';
  readonly tables?: number;
  readonly rows?: number;
  readonly missedTicks?: number;
  readonly pruned?: RetainedBackup['pruned'];
  readonly durationMs: number;
  readonly warnings?: readonly string[];
  readonly error?: string;
  readonly hint?: string;
}

/** The result line: what scripts read on standard output. */
export interface BackupResult extends DatabaseResult {
  /** With DATABASES: each of them, in their order. */
  readonly databases?: readonly DatabaseResult[];
  readonly notified?: readonly Notified[];
}

/** How a run ended, for standard output and for people. */
export interface Ended {
  readonly result: BackupResult;
  readonly ending: Ending;
}

/** That of a backup that was made. */
export function succeeded(backup: RetainedBackup, durationMs: number): Ended & { readonly result: DatabaseResult } {
  const { manifest, location, missedTicks, pruned, warnings } = backup;
  const { id, database, artifacts, verified, contents } = manifest;
  const [dump, ...others] = dumpsOf(manifest);
  const figures = {
    bytes: artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
    tables: contents.tables.length,
    rows: contents.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
  };
  return {
    result: {
      outcome: 'success',
      exitCode: 0,
      database,
      id,
      location,
      bytes: figures.bytes,
      ...(dump && { sha256: others.length === 0 ? dump.sha256 : sha256Of(sha256Sums(artifacts)) }),
      verified,
      globals: describeGlobals(manifest),
      tables: figures.tables,
      rows: figures.rows,
      ...(missedTicks !== undefined && { missedTicks }),
      ...(pruned && { pruned }),
      durationMs,
      warnings,
    },
    ending: {
      exitCode: 0,
      backupId: id,
      location,
      ...figures,
      rowsExact: contents.tables.every(({ exact }) => exact),
      missedTicks,
      warnings,
    },
  };
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** That of one that was not. */
export function failed(failure: Failure, database: string | undefined, durationMs: number): DatabaseResult {
  return {
    outcome: 'failure',
    exitCode: failure.exitCode,
    ...(database !== undefined && { database }),
    durationMs,
    error: failure.message,
    ...(failure.hint !== undefined && { hint: failure.hint }),
  };
}

/** Logs the warnings and the end of a backup that was made. */
export function logSuccess(log: Log, result: DatabaseResult): void {
  const { id, database, location, bytes, durationMs, warnings = [] } = result;
  for (const warning of warnings) log.warn(warning);
  log.info(
    { event: 'done', database, id, location, bytes, durationMs },
    `done: ${location ?? ''} ${prettyBytes(bytes ?? 0)}, verified by ${result.verified ?? ''}, in ${prettyMs(durationMs)}`,
  );
}

/** Whole ms since a time of `performance.now()`. */
export function elapsedSince(started: number): number {
  return Math.round(performance.now() - started);
}

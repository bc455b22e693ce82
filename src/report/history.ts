import type { RetentionPolicy, ScheduleConfig } from '../config/config.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Proof } from '../catalog/proof.ts';
import type { StoredBackup } from '../retention/survey.ts';

/** What the page needs of a drill. */
export type Drill = Pick<Proof, 'id' | 'outcome' | 'reason' | 'restoreMs' | 'compared'> & { readonly finishedAt: Date };

/** How many rows a table had; only where they were counted or estimated. */
export interface TableRows {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  readonly exact: boolean;
}

/** What the page needs of a manifest: thousands of them are in memory at once, each of maybe thousands of tables. */
export interface RunFacts {
  readonly bytes: number;
  readonly durationMs: number;
  readonly databaseBytes: number;
  /** Undefined where not one table was counted. */
  readonly rows: number | undefined;
  readonly rowsExact: boolean;
  readonly tableCount: number;
  readonly tier: Manifest['tier'];
  readonly verified: Manifest['verified'];
  readonly serverVersion: string;
  /** Only of things of the same form sizes can be compared. */
  readonly form: string;
  /** The largest ones, and only of some backups: see {@link readHistory}. */
  readonly tables: readonly TableRows[] | undefined;
}

/** One folder with a manifest. */
export interface Run {
  readonly id: string;
  readonly startedAt: Date;
  /** Undefined where the manifest cannot be believed. */
  readonly facts: RunFacts | undefined;
  /** Why it is none that one could restore. */
  readonly damage: string | undefined;
  /** How retention sees it; undefined where it does not count it. */
  readonly candidate: StoredBackup | undefined;
  /** Oldest first. */
  readonly drills: readonly Drill[];
}

/** How the last failed run ended. */
export interface LastFailure {
  readonly at: Date;
  readonly exitCode: number;
  readonly message: string;
}

/** Everything that the page knows of one database. */
export interface History {
  readonly database: string;
  /** Oldest first. */
  readonly runs: readonly Run[];
  /** When runs began that left a folder without a manifest. */
  readonly unfinished: readonly Date[];
  readonly lastFailure: LastFailure | undefined;
  /** Its own schedule and rules, in place of those of the page: a member of a fleet has them. */
  readonly own?: { readonly schedule: ScheduleConfig | undefined; readonly policy: RetentionPolicy | undefined };
}

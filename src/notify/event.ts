/** What commands tell people about; `test` is a sample that says so. */
export type ToldCommand = 'backup' | 'drill' | 'check' | 'prune' | 'test';

/** How a run failed: a kind of {@link failureKinds}, in the words of the log. */
export interface ToldFailure {
  readonly kind: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** One of several things that a run was about: a database, or a member of a fleet. */
export interface RunPart {
  readonly name: string;
  /** 0 for one that went well. */
  readonly exitCode: number;
  /** Why, where it failed: one line. */
  readonly error?: string | undefined;
  /** The backup that was made. */
  readonly id?: string | undefined;
  /** Its stored size. */
  readonly bytes?: number | undefined;
}

/**
 * What happened, as every channel gets it. Free of secrets: its texts went through the redactor before they came here.
 * What is undefined is not known, or has no meaning for this command.
 */
export interface RunEvent {
  readonly kind: 'started' | 'success' | 'failure' | 'recovery';
  readonly command: ToldCommand;
  /** A UUID, the same for everything that one process tells. */
  readonly runId: string;
  readonly database: string | undefined;
  readonly backupId: string | undefined;
  /** The backup's folder, or else the store. */
  readonly location: string | undefined;
  readonly exitCode: number;
  /** Set where `kind` is `failure`. */
  readonly failure: ToldFailure | undefined;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** Stored bytes of this backup, and of the one before it. */
  readonly bytes: number | undefined;
  readonly previousBytes: number | undefined;
  readonly rows: number | undefined;
  /** False where some tables' rows were only estimated. */
  readonly rowsExact: boolean;
  readonly tables: number | undefined;
  /** The newest complete backup; undefined where there is none, `unknown` where the store could not be asked. */
  readonly newestGood: { readonly id: string; readonly startedAt: Date } | undefined | 'unknown';
  readonly nextDue: Date | undefined;
  /** Ticks of the schedule without a backup. */
  readonly missedTicks: number | undefined;
  readonly lastProofAt: Date | undefined;
  readonly warnings: readonly string[];
  /** How each of several went, in the run's own order, however many; undefined for a run about one. */
  readonly parts: readonly RunPart[] | undefined;
  /** The last lines of the log, oldest first. */
  readonly logTail: readonly string[];
  /** Where the platform shows the whole log, for example a command. */
  readonly platformLogHint: string | undefined;
}

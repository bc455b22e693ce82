import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Progress } from '../report/progress.ts';

/** What every run gets from the edge. */
export interface RunContext {
  readonly config: Config;
  readonly log: Log;
  /** Aborted with a Failure: a deadline, a signal. */
  readonly signal: AbortSignal;
  /** The `PATH` to look for programs in. */
  readonly searchPath: string;
  readonly toolVersion: string;
  readonly progress: Progress;
}

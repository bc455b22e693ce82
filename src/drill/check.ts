/** One thing that was tried on a restored database besides comparing it. */
export interface Check {
  /** `constraints`, `DRILL_CHECK_SQL 2`. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'not run';
  /** What was found, in a few words. */
  readonly detail: string;
}

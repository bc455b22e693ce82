import type { LogConfig } from '../config/config.ts';
import { createLog, type Log, type LogOutput } from '../log.ts';
import { LiveLines } from './live-lines.ts';
import { progressBars } from './progress-bars.ts';
import { type Progress, progressLines } from './progress.ts';

/** What a command tells while it works. */
export interface Reporting {
  readonly log: Log;
  readonly progress: Progress;
}

/** Where it is told, and what of the environment says how. */
export interface ReportingEdge {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stderr: LogOutput;
  /** The name of the command, and what stands for this process; both are in every line of JSON. */
  readonly command: string;
  readonly runId: string;
}

/**
 * Makes the log and what tells progress: bars on a terminal that somebody looks at, with the
 * log above them, lines in the log elsewhere.
 * @param redact applied to every text before it leaves the process.
 */
export function createReporting(
  { env, stderr, command, runId }: ReportingEdge,
  config: LogConfig,
  redact: (text: string) => string,
): Reporting {
  const log = createLog(config, stderr, redact).child({ command, runId });
  const progress =
    stderr instanceof LiveLines && isWatched({ env, stderr }, config)
      ? progressBars(stderr, { colours: stderr.hasColors(), redact })
      : progressLines();
  return { log, progress };
}

/** Whether bars can be drawn and somebody can see them. */
function isWatched({ env, stderr }: Pick<ReportingEdge, 'env' | 'stderr'>, { format, level }: LogConfig): boolean {
  if (stderr.isTTY !== true || format === 'json' || level === 'warn' || level === 'error') return false;
  if (env['TERM'] === undefined || env['TERM'] === 'dumb') return false;
  // CI systems and orchestrators give terminals to jobs whose output they keep; one of no size has nobody before it.
  return (env['CI'] ?? '') === '' && stderr.columns !== undefined && stderr.columns > 0;
}

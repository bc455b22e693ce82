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
}

/**
 * Makes the log and what tells progress, of one another's knowledge: bars on a terminal that somebody looks at, with the
 * log above them, lines in the log elsewhere.
 * @param redact applied to every text before it leaves the process.
 */
export function createReporting(
  { env, stderr }: ReportingEdge,
  config: LogConfig,
  redact: (text: string) => string,
): Reporting {
  if (!isWatched({ env, stderr }, config)) {
    return { log: createLog(config, stderr, redact), progress: progressLines() };
  }
  const screen = new LiveLines(stderr);
  return {
    log: createLog(config, screen, redact),
    progress: progressBars(screen, { colours: screen.hasColors(), redact }),
  };
}

/** Whether bars can be drawn and somebody can see them. */
function isWatched({ env, stderr }: ReportingEdge, { format, level }: LogConfig): boolean {
  if (stderr.isTTY !== true || format === 'json' || level === 'warn' || level === 'error') return false;
  if (env['TERM'] === undefined || env['TERM'] === 'dumb') return false;
  // CI systems and orchestrators give terminals to jobs whose output they keep; one of no size has nobody before it.
  return (env['CI'] ?? '') === '' && stderr.columns !== undefined && stderr.columns > 0;
}

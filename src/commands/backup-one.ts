import { attempt } from '../backup/attempts.ts';
import { retainAfter } from '../backup/retain.ts';
import { makeBackup } from '../backup/run.ts';
import type { Config } from '../config/config.ts';
import type { Reporting } from '../report/reporting.ts';
import { toolVersion } from '../version.ts';
import { elapsedSince, type Ended, logSuccess, succeeded } from './backup-result.ts';
import { withinTime } from './backup-time.ts';
import type { Edge } from './command.ts';
import type { Teller } from './tell.ts';

/** A run that has been configured. */
export interface BackupJob {
  readonly config: Config;
  readonly edge: Edge;
  readonly reporting: Reporting;
  readonly teller: Teller;
  /** By `performance.now()`. */
  readonly started: number;
  readonly redact: (text: string) => string;
}

/**
 * Backs up the one database of the connection, in at most `BACKUP_ATTEMPTS` attempts, all within `BACKUP_TIMEOUT`.
 * @throws {Failure} where no backup was made.
 */
export async function backUpOne({ config, edge, reporting, teller, started }: BackupJob): Promise<Ended> {
  const { log, progress } = reporting;
  const time = { timeoutMs: config.run.timeoutMs, signal: edge.signal, teller, log };
  const done = await withinTime(time, async (signal, settled) => {
    const context = { config, log, signal, searchPath: edge.env.PATH ?? '', toolVersion, progress };
    const completed = await attempt(context, () => makeBackup(context));
    // From here on the backup exists, and nothing makes the run a failure any more.
    settled();
    return retainAfter(completed, context);
  });
  const ended = succeeded(done, elapsedSince(started));
  logSuccess(log, ended.result);
  return ended;
}

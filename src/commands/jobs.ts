import { availableParallelism } from 'node:os';
import { Failure } from '../errors.ts';

/** So many sessions that a server with a few cores is busy and still answers others. */
const mostAutomatic = 4;

/**
 * How many sessions restore at once: what `--jobs` says, or else `RESTORE_JOBS`, by default one.
 * @throws {Failure} `usage` for what is no number of sessions.
 */
export function readJobs(option: string | undefined, configured: 'auto' | number, usage: string): number {
  if (option !== undefined && !/^(auto|[1-9]\d?)$/.test(option)) {
    throw new Failure('usage', `--jobs is a number from 1 to 99, or auto, not ${option}`, {
      hint: `Usage: pg-offsite ${usage}`,
    });
  }
  const jobs = option === undefined ? configured : option === 'auto' ? option : Number(option);
  return jobs === 'auto' ? Math.min(availableParallelism(), mostAutomatic) : jobs;
}

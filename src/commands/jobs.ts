import { Failure } from '../errors.ts';
import { automaticJobs } from '../restore/scope.ts';

/**
 * How many sessions restore at once: what `--jobs` says, or else `RESTORE_JOBS`; undefined
 * where neither says it.
 * @throws {Failure} `usage` for what is no number of sessions.
 */
export function readJobs(
  option: string | undefined,
  configured: 'auto' | number | undefined,
  usage: string,
): number | undefined {
  if (option !== undefined && !/^(auto|[1-9]\d?)$/.test(option)) {
    throw new Failure('usage', `--jobs is a number from 1 to 99, or auto, not ${option}`, {
      hint: `Usage: pg-offsite ${usage}`,
    });
  }
  const jobs = option === undefined ? configured : option === 'auto' ? option : Number(option);
  return jobs === 'auto' ? automaticJobs() : jobs;
}

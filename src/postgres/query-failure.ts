import { Failure } from '../errors.ts';

/** A query of our own that failed, told as a failure of the database. A Failure stays what it is. */
export function toDatabaseFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const hint = idleHint(error);
  return new Failure('database', `cannot ${what}: ${message}`, { cause: error, ...(hint !== undefined && { hint }) });
}

/**
 * What to do where the server has ended a session for being idle, else undefined. Every session of ours switches that limit
 * off first, which takes a moment: only one of some milliseconds is shorter.
 */
export function idleHint(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === '57P05')) return undefined;
  return 'The idle_session_timeout of the role or the database is too short for any work: ALTER ROLE … SET idle_session_timeout = 0.';
}

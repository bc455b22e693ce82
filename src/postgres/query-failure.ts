import { Failure } from '../errors.ts';

/** A query of our own that failed, told as a failure of the database. A Failure stays what it is. */
export function toDatabaseFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('database', `cannot ${what}: ${message}`, { cause: error });
}

import pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';

/**
 * Throws why the database for a drill cannot be made.
 * @param elsewhere the server, where it is not our own.
 * @throws {Failure} `dump` with the words `could not run` where the server refused; else the error as it is.
 */
export function cannotCreate(error: unknown, elsewhere?: Pick<ConnectionConfig, 'user'>): never {
  if (!(error instanceof pg.DatabaseError)) throw error;
  const mayNot = elsewhere !== undefined && error.code === '42501';
  throw new Failure('dump', `could not run: no database for the drill can be made: ${error.message}`, {
    hint: mayNot
      ? `Give the user of DRILL_DATABASE_URL the right: ALTER ROLE ${pg.escapeIdentifier(elsewhere.user)} CREATEDB.`
      : 'Set DRILL_DATABASE_URL to a server on which such a database can be made.',
    cause: error,
    retryable: false,
  });
}

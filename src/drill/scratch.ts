import { openDatabaseElsewhere } from './database-elsewhere.ts';
import { openOwnDatabase } from './own-database.ts';
import type { ScratchDatabase, ScratchRequest } from './scratch-database.ts';

/**
 * Makes an empty database for a drill: on DRILL_DATABASE_URL where that is set, else on a server of our own. What drills
 * that were killed have left is removed before.
 * @throws {Failure} `dump` with the words `could not run`, `database`; the signal's reason when it is aborted. Nothing
 * is left then.
 */
export async function openScratchDatabase(request: ScratchRequest): Promise<ScratchDatabase> {
  const { databaseUrl } = request.drill;
  return databaseUrl ? openDatabaseElsewhere(databaseUrl, request) : openOwnDatabase(request);
}

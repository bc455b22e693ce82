import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { ScratchDatabase, ScratchRequest } from './scratch.ts';

/** An empty database of our own on a server that is not ours. */
export async function openDatabaseElsewhere(
  _server: ConnectionConfig,
  _request: ScratchRequest,
): Promise<ScratchDatabase> {
  return Promise.reject(new Failure('dump', 'could not run: DRILL_DATABASE_URL is not supported yet'));
}

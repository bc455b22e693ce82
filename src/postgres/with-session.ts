import type pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { throwIfAborted } from '../errors.ts';
import { connect } from './connect.ts';
import { toDatabaseFailure } from './query-failure.ts';

/**
 * Opens a connection with an empty `search_path`. The database's own path may lead to functions and operators that pass
 * for the server's and would run with our rights: https://wiki.postgresql.org/wiki/A_Guide_to_CVE-2018-1058.
 * @throws {Failure} see {@link connect}.
 */
export async function connectApart(connection: ConnectionConfig, signal: AbortSignal): Promise<pg.Client> {
  const client = await connect(connection, signal);
  try {
    await client.query("SELECT pg_catalog.set_config('search_path', '', false)");
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throwIfAborted(signal);
    throw toDatabaseFailure('empty the search_path', error);
  }
}

/**
 * Opens a connection for this work and ends it afterwards, however that went. A connection that is lost meanwhile fails
 * the query that waits on it, nothing else.
 * @param searchPath `its own` for SQL of the user.
 * @throws {Failure} see {@link connect}; what the work throws.
 */
export async function withSession<T>(
  connection: ConnectionConfig,
  signal: AbortSignal,
  work: (session: pg.Client) => Promise<T>,
  searchPath: 'empty' | 'its own' = 'empty',
): Promise<T> {
  const session = await (searchPath === 'empty' ? connectApart : connect)(connection, signal);
  try {
    return await work(session);
  } finally {
    await session.end().catch(() => undefined);
  }
}

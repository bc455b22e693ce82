import type pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { connect } from './connect.ts';

/**
 * Opens a connection for this work and ends it afterwards, however that went. A connection that is lost meanwhile fails
 * the query that waits on it, nothing else.
 * @throws {Failure} see {@link connect}; what the work throws.
 */
export async function withSession<T>(
  connection: ConnectionConfig,
  signal: AbortSignal,
  work: (session: pg.Client) => Promise<T>,
): Promise<T> {
  const session = await connect(connection, signal);
  session.on('error', () => undefined);
  try {
    return await work(session);
  } finally {
    await session.end().catch(() => undefined);
  }
}

import pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { throwIfAborted } from '../errors.ts';
import { connectFailure, isTlsRefusal } from './connect-failure.ts';
import { tlsAttempts } from './tls.ts';

/** How this program shows up in `pg_stat_activity`. */
export const applicationName = 'pg-offsite';

/**
 * Opens one connection, with libpq's meaning of `sslmode`. The caller ends it. Its `error` event, which is emitted when the
 * server goes away, be it at once, may be listened to, and need not be: queries fail then in any case. An abort of the
 * signal, now or later, breaks it off: no query outlives the run.
 * @throws {Failure} `database` saying which of server, login and database is wrong; the signal's reason when aborted.
 */
export async function connect(connection: ConnectionConfig, signal: AbortSignal): Promise<pg.Client> {
  const attempts = await tlsAttempts(connection);
  let refused: unknown;
  for (const ssl of attempts) {
    throwIfAborted(signal);
    const client = new pg.Client({
      host: connection.host,
      port: connection.port,
      user: connection.user,
      password: connection.password?.reveal(),
      database: connection.database,
      ssl,
      options: connection.libpqEnvironment.PGOPTIONS,
      application_name: applicationName,
      connectionTimeoutMillis: connection.connectTimeoutSeconds * 1000,
      keepAlive: true,
    });
    const abort = (): void => {
      client.connection.stream.destroy();
    };
    signal.addEventListener('abort', abort);
    const release = (): void => {
      signal.removeEventListener('abort', abort);
    };
    client.once('end', release);
    try {
      // The server may end it before whoever waits for it has come to listen.
      client.on('error', () => undefined);
      await client.connect();
      return client;
    } catch (error) {
      release();
      client.connection.stream.destroy();
      throwIfAborted(signal);
      refused ??= error;
      // libpq tries its other way only where the server refuses this one, not for a wrong password.
      if (!isTlsRefusal(error)) throw connectFailure(connection, error);
    }
  }
  throw connectFailure(connection, refused);
}

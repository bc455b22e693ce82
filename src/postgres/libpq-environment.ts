import type { ConnectionConfig } from '../config/config.ts';

/**
 * The environment that makes PostgreSQL's own programs connect as configured: everything goes through variables, never
 * through argv, which every process of the machine can read.
 * @param clientMajor the major version of the program; before 16 libpq takes `system` for a file name.
 */
export function libpqEnvironment(connection: ConnectionConfig, clientMajor: number): Record<string, string> {
  const rootCert =
    connection.sslRootCert === 'system' && clientMajor < 16
      ? '/etc/ssl/certs/ca-certificates.crt'
      : connection.sslRootCert;
  const settings: Record<string, string | undefined> = {
    ...connection.libpqEnvironment,
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.user,
    PGPASSWORD: connection.password?.reveal(),
    PGDATABASE: connection.database,
    PGSSLMODE: connection.sslMode,
    PGSSLROOTCERT: rootCert,
    PGSSLCERT: connection.sslCert,
    PGSSLKEY: connection.sslKey,
    PGCONNECT_TIMEOUT: String(connection.connectTimeoutSeconds),
    PGAPPNAME: 'pg-offsite pg_dump',
  };
  return Object.fromEntries(
    Object.entries(settings).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

import type { ConnectionConfig, SourceConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { TestPostgres } from '../support/postgres.ts';

/** The settings that reach a database of a test's server as its superuser, with some changed. */
export function connectionTo(
  server: Pick<TestPostgres, 'port' | 'password'>,
  changes: Partial<ConnectionConfig> = {},
): ConnectionConfig {
  return {
    host: '127.0.0.1',
    port: server.port,
    user: 'postgres',
    password: server.password === undefined ? undefined : new Secret(server.password),
    database: 'postgres',
    sslMode: 'prefer',
    sslRootCert: undefined,
    sslCert: undefined,
    sslKey: undefined,
    connectTimeoutSeconds: 10,
    libpqEnvironment: {},
    ...changes,
  };
}

/** The settings that dump the whole of a database, with some changed. */
export function sourceOf(connection: ConnectionConfig, changes: Partial<SourceConfig> = {}): SourceConfig {
  return {
    connection,
    schemas: [],
    excludeSchemas: [],
    tables: [],
    excludeTables: [],
    excludeTableData: [],
    dumpArgs: [],
    lockWaitTimeoutMs: 60_000,
    rowCounts: 'auto',
    globals: 'off',
    clientsDir: '/usr/lib/postgresql',
    ...changes,
  };
}

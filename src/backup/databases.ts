import type pg from 'pg';
import type { ConnectionConfig, DatabasesConfig } from '../config/config.ts';
import { connectionTo } from '../config/databases.ts';
import type { Word } from '../config/kinds.ts';
import { Failure, toFailure } from '../errors.ts';
import { refusePoolerAddress } from '../postgres/pooler.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { withSession } from '../postgres/with-session.ts';

/** Which databases a run backs up. */
export interface ChosenDatabases {
  /** At least one; by name, or in the order in which they were named. */
  readonly names: readonly string[];
  /** What of `DATABASES=*` is not among them because the login may not connect to it. */
  readonly forbidden: readonly string[];
}

/**
 * What providers keep on a server for themselves, and let nobody connect to, whatever the rights say: Amazon RDS, Google
 * Cloud SQL and AlloyDB, Azure.
 */
const providersOwn: ReadonlySet<string> = new Set([
  'rdsadmin',
  'cloudsqladmin',
  'alloydbadmin',
  'alloydbmetadata',
  'azure_maintenance',
  'azure_sys',
]);

/** Refusals of one database that say nothing of the others: not there, no right, kept out by pg_hba.conf, no connections. */
const aboutDatabase: ReadonlySet<unknown> = new Set(['3D000', '42501', '28000', '55000']);

/**
 * Finds the databases that `DATABASES` is about. Only for `*` the server is asked, by the database of `DATABASE_URL`, or
 * else by `postgres` or `template1`; one that is named and not there is told when its backup is tried.
 * @throws {Failure} `config` where none is left, or the server is behind a transaction pooler; `database`.
 */
export async function chooseDatabases(
  connection: ConnectionConfig,
  { names, exclude }: DatabasesConfig,
  signal: AbortSignal,
): Promise<ChosenDatabases> {
  const isWanted = (name: string): boolean => !exclude.some((word) => matches(word, name));
  if (names !== 'all') {
    const wanted = names.filter(isWanted);
    if (wanted.length > 0) return { names: wanted, forbidden: [] };
    throw new Failure('config', 'EXCLUDE_DATABASES leaves out every database that DATABASES names');
  }
  refusePoolerAddress(connection);
  const found = (await listDatabases(connection, signal)).filter(({ name }) => isWanted(name));
  const chosen = found.filter(({ allowed }) => allowed).map(({ name }) => name);
  const forbidden = found.filter(({ allowed }) => !allowed).map(({ name }) => name);
  if (chosen.length > 0) return { names: chosen, forbidden };
  throw new Failure('config', `DATABASES=* finds no database that ${connection.user} may connect to`, {
    hint:
      forbidden.length > 0
        ? `Let this user connect (GRANT CONNECT ON DATABASE) to ${forbidden.join(', ')}, or name others in DATABASES.`
        : 'Is it the right server, and does EXCLUDE_DATABASES leave out everything?',
  });
}

interface Listed {
  readonly name: string;
  readonly allowed: boolean;
}

async function listDatabases(connection: ConnectionConfig, signal: AbortSignal): Promise<Listed[]> {
  const { database, unnamed } = connection;
  // A server need not have one that is named like the user.
  const ways = unnamed === true ? ['postgres', 'template1', database] : [database, 'postgres', 'template1'];
  let refused: Failure | undefined;
  for (const way of new Set(ways)) {
    try {
      return await withSession(way === database ? connection : connectionTo(connection, way), signal, ask);
    } catch (error) {
      const failure = toFailure(error);
      refused ??= failure;
      if (!aboutDatabase.has(codeOf(failure.cause))) throw failure;
    }
  }
  throw refused ?? new Error('no database was tried');
}

async function ask(client: pg.Client): Promise<Listed[]> {
  try {
    const { rows } = await client.query<Listed>(`
      SELECT datname::text AS name, pg_catalog.has_database_privilege(oid, 'CONNECT') AS allowed
      FROM pg_catalog.pg_database
      WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2
      ORDER BY datname`);
    return rows.filter(({ name }) => !providersOwn.has(name));
  } catch (error) {
    throw toDatabaseFailure('list the databases', error);
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/** Whether a word of `EXCLUDE_DATABASES` means this database: `*` is any characters, `?` is one, but not in quotes. */
function matches({ text, quoted }: Word, name: string): boolean {
  if (quoted) return text === name;
  const pattern = text
    .split(/([*?])/)
    .map((part) => (part === '*' ? '[^]*' : part === '?' ? '[^]' : part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')))
    .join('');
  return new RegExp(`^${pattern}$`, 'u').test(name);
}

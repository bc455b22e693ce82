import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { connectApart } from '../postgres/with-session.ts';
import { countObjects } from '../postgres/object-counts.ts';

/** How long the database that backups are made of may take to answer who it is. */
const sourceMs = 10_000;

/** What tells one database from all others, without any right. */
async function identify(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ identity: string }>(`
    SELECT pg_catalog.pg_postmaster_start_time()::text || ' ' || d.oid AS identity
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`);
  return rows[0]?.identity ?? '';
}

/**
 * Refuses the databases that backups are made of: by their address, and by asking, where they answer.
 * @throws {Failure} `target`.
 */
export async function refuseSource(
  client: pg.Client,
  target: ConnectionConfig,
  sources: readonly ConnectionConfig[],
  signal: AbortSignal,
): Promise<void> {
  const refusal = new Failure('target', `TARGET_DATABASE_URL is the database that is backed up, ${target.database}`, {
    hint: 'Restore into a new database, look at it, and then let the application use it.',
  });
  const isAt = ({ host, port, database }: ConnectionConfig): boolean =>
    host === target.host && port === target.port && database === target.database;
  if (sources.some(isAt)) throw refusal;
  // By another address it has the same name still.
  for (const source of sources.filter(({ database }) => database === client.database || sources.length === 1)) {
    if (await isSame(source, client, signal)) throw refusal;
  }
}

async function isSame(source: ConnectionConfig, client: pg.Client, signal: AbortSignal): Promise<boolean> {
  let other: pg.Client;
  try {
    other = await connectApart(source, AbortSignal.any([signal, AbortSignal.timeout(sourceMs)]));
  } catch {
    // A database that is gone is why people restore.
    return false;
  }
  try {
    return (await identify(other)) === (await identify(client));
  } finally {
    await other.end().catch(() => undefined);
  }
}

/** Kinds that an empty database may have: a provider's, and properties of others. */
const nothings = ['extensions', 'defaultPrivileges', 'notValidatedConstraints'];

/**
 * What a database holds besides extensions, such as `2 tables`; nothing for an empty one.
 * @param expectedSchemas do not count, so long as nothing is in them.
 */
export async function whatItHolds(client: pg.Client, expectedSchemas: readonly string[]): Promise<string[]> {
  const counts = await countObjects(client);
  // Compared here: a name that was read in another encoding than its own is one that the server may not be able to read.
  const { rows } = await client.query<{ name: string }>(
    `SELECT n.nspname AS name FROM pg_catalog.pg_namespace n WHERE n.nspname <> 'public'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
       WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objid = n.oid AND d.deptype = 'e')`,
  );
  const expected = rows.filter(({ name }) => expectedSchemas.includes(name)).length;
  return Object.entries(counts)
    .map(([kind, count]) => [kind, kind === 'schemas' ? count - expected : count] as const)
    .filter(([kind, count]) => !nothings.includes(kind) && count > 0)
    .map(([kind, count]) => `${String(count)} ${wordsOf(kind, count)}`);
}

/** `tables`, or `table` for one. */
function wordsOf(kind: string, count: number): string {
  const words = kind.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return count === 1
    ? words
        .replace(/ies$/, 'y')
        .replace(/(class|index)es$/, '$1')
        .replace(/s$/, '')
    : words;
}

/**
 * Refuses a target that holds anything. Extensions do not count: providers create some in every new database, and a dump
 * creates only those that are missing; nor do empty schemas that it has too.
 * @throws {Failure} `target` saying what it holds.
 */
export async function refuseFilled(
  client: pg.Client,
  database: string,
  expectedSchemas: readonly string[],
): Promise<void> {
  const held = await whatItHolds(client, expectedSchemas);
  if (held.length === 0) return;
  throw new Failure('target', `the target database ${database} is not empty: it holds ${held.join(', ')}`, {
    hint: `Restore into a new database (--create makes it), or replace what is there with --clean --confirm ${database}.`,
  });
}

/**
 * Refuses a target whose tables hold rows already, before rows alone are restored.
 * @throws {Failure} `target` naming the first such table.
 */
export async function refuseRows(
  client: pg.Client,
  database: string,
  tables: readonly { readonly schema: string; readonly name: string }[],
): Promise<void> {
  for (const { schema, name } of tables) {
    const quoted = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
    const there = await client.query<{ found: string | null }>('SELECT pg_catalog.to_regclass($1) AS found', [quoted]);
    if ((there.rows[0]?.found ?? null) === null) continue;
    const { rowCount } = await client.query(`SELECT FROM ONLY ${quoted} LIMIT 1`);
    if (rowCount === 0) continue;
    throw new Failure('target', `the table ${schema}.${name} of the target database ${database} holds rows already`, {
      hint: 'Restore into tables that are empty: a database made with --schema-only, or one that was truncated.',
    });
  }
}

/**
 * Refuses a target whose server lacks what the dump needs, naming all of it at once.
 * @param coming roles that will be there before anything is loaded.
 * @throws {Failure} `dump`.
 */
export async function refuseLacking(
  client: pg.Client,
  manifest: Manifest,
  withOwners: boolean,
  coming: readonly string[] = [],
): Promise<void> {
  const { extensions } = manifest.contents;
  const roles = manifest.contents.roles.filter((name) => !coming.includes(name));
  const lacking = async (names: readonly string[], known: string): Promise<string[]> => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT name FROM pg_catalog.unnest($1::text[]) AS name WHERE name NOT IN (${known}) ORDER BY 1`,
      [names],
    );
    return rows.map(({ name }) => name);
  };
  const noExtensions = await lacking(
    extensions.map(({ name }) => name),
    'SELECT name::text FROM pg_catalog.pg_available_extensions',
  );
  const noRoles = withOwners ? await lacking(roles, 'SELECT rolname::text FROM pg_catalog.pg_roles') : [];
  const missing = [
    ...(noExtensions.length > 0 ? [`the extensions ${noExtensions.join(', ')}`] : []),
    ...(noRoles.length > 0 ? [`the roles ${noRoles.join(', ')}`] : []),
  ];
  if (missing.length === 0) return;
  throw new Failure('dump', `the target server lacks ${missing.join(' and ')}`, {
    hint: 'Install the extensions, create the roles (--globals makes those that the backup holds; or restore without --with-owners), and start again.',
    retryable: false,
  });
}

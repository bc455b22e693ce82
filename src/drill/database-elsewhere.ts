import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import { backendPid, endBackend } from '../postgres/backend.ts';
import { connectApart } from '../postgres/with-session.ts';
import { createDatabase } from '../postgres/create-database.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { cannotCreate } from './cannot-create.ts';
import type { ScratchDatabase, ScratchRequest } from './scratch-database.ts';

const ourName = /^pg_offsite_drill_[0-9a-f]{16}$/;
/** The comment on a database that any drill may drop once nobody is connected to it. */
const mark = 'made by pg-offsite for a drill, dropped after it';
/** How long dropping it may take, also after the drill was told to end. */
const dropMs = 30_000;

/**
 * An empty database of our own on a server that is not ours. For as long as the drill lives it keeps a connection to it,
 * and no server drops a database while somebody is connected: so the next drill can drop what is left of dead ones.
 */
export async function openDatabaseElsewhere(
  server: ConnectionConfig,
  { manifest, source, log, signal }: ScratchRequest,
): Promise<ScratchDatabase> {
  const name = `pg_offsite_drill_${randomBytes(8).toString('hex')}`;
  const target = { ...server, database: name };
  if (source?.host === server.host && source.port === server.port) {
    log.warn('the drill runs on the very server that is backed up: it takes room and time there');
  }
  await using undo = new AsyncDisposableStack();
  let facts: Facts;
  let creating: number | undefined;
  await using maintenance = await session(server, signal);
  try {
    facts = await askFacts(maintenance.client);
    refuseOlder(facts, manifest.server.major);
    await dropDead(maintenance.client, log);
    creating = await backendPid(maintenance.client);
    undo.defer(() => drop(server, name, creating, log));
    const like = manifest.server;
    await createDatabase(maintenance.client, { name, like }, log).catch((error: unknown) =>
      cannotCreate(error, server),
    );
    creating = undefined;
    const keeper = undo.use(await session(target, signal));
    await keeper.client.query('SET idle_session_timeout = 0').catch(ignoreRefusal);
    await maintenance.client.query(`COMMENT ON DATABASE ${name} IS ${pg.escapeLiteral(mark)}`);
  } catch (error) {
    throwIfAborted(signal);
    throw toDatabaseFailure('make a database for the drill', error);
  }
  const everything = undo.move();
  return {
    target,
    trusted: false,
    admin: undefined,
    serverVersion: facts.version,
    serverMajor: facts.major,
    own: false,
    died: () => undefined,
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

/** A connection that ends when it is disposed of. */
async function session(
  to: ConnectionConfig,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly client: pg.Client }> {
  const client = await connectApart(to, signal);
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => undefined) };
}

interface Facts {
  readonly version: string;
  readonly major: number;
}

async function askFacts(client: pg.Client): Promise<Facts> {
  const { rows } = await client.query<{ version: string; number: number }>(`
    SELECT pg_catalog.current_setting('server_version') AS version,
           pg_catalog.current_setting('server_version_num')::int AS number`);
  const [row] = rows;
  const version = (row?.version ?? '').split(' ')[0] ?? '';
  return { version, major: Math.floor((row?.number ?? 0) / 10_000) };
}

function refuseOlder({ version, major }: { version: string; major: number }, atLeast: number): void {
  if (major >= atLeast) return;
  throw new Failure('dump', `could not run: the server of DRILL_DATABASE_URL is PostgreSQL ${version}`, {
    hint: `The backup is of PostgreSQL ${String(atLeast)}: name a server of that version or a newer one.`,
    retryable: false,
  });
}

/** Drops what dead drills have left: a database of our name and with our mark, which the server drops only unused. */
async function dropDead(client: pg.Client, log: Log): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT d.datname AS name FROM pg_catalog.pg_database d
     WHERE d.datname LIKE 'pg\\_offsite\\_drill\\_%' AND pg_catalog.shobj_description(d.oid, 'pg_database') = $1
       AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)`,
    [mark],
  );
  for (const { name } of rows.filter((row) => ourName.test(row.name))) {
    const dropped = await client.query(`DROP DATABASE ${name}`).catch(ignoreRefusal);
    if (dropped) log.info(`dropped the database ${name}, which a drill that was killed had left`);
  }
}

/** @param creating the server's process that may be creating it still, for a connection that was broken off. */
async function drop(server: ConnectionConfig, name: string, creating: number | undefined, log: Log): Promise<void> {
  try {
    await using maintenance = await session(server, AbortSignal.timeout(dropMs));
    const { client } = maintenance;
    if (creating !== undefined) await endBackend(client, creating);
    // Before PostgreSQL 13 there is no FORCE.
    await client
      .query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      .catch(() => client.query(`DROP DATABASE IF EXISTS ${name}`));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.warn(`the database ${name} of the drill could not be dropped: ${message}; the next drill tries again`);
  }
}

function ignoreRefusal(error: unknown): undefined {
  if (error instanceof pg.DatabaseError && error.severity === 'ERROR') return;
  throw error;
}

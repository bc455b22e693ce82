import pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { backendPid, endBackend } from '../postgres/backend.ts';
import { createDatabase } from '../postgres/create-database.ts';
import { withSession } from '../postgres/with-session.ts';

/** How long dropping it again may take, also after the run was told to end. */
const dropMs = 15_000;

/** A database that was made for a restore: disposing drops it again, unless it is kept. Disposing never throws. */
export interface NewDatabase extends AsyncDisposable {
  keep(): void;
}

/**
 * Makes the target database with the encoding and, where the server knows them, the collation of the dumped one. Where
 * the connection breaks off meanwhile, as when the run is told to end, what the server may have made is dropped again.
 * @throws {Failure} `target` when the server refuses.
 */
export async function makeDatabase(
  target: ConnectionConfig,
  { server }: Pick<Manifest, 'server'>,
  log: Log,
  signal: AbortSignal,
): Promise<NewDatabase> {
  const { database } = target;
  let creating: number | undefined;
  try {
    await withSession(maintenance(target), signal, async (session) => {
      // Somebody else's must never be taken for one of which it is not known whether it was made.
      if (await isThere(session, database)) throw alreadyThere(database);
      creating = await backendPid(session);
      await createDatabase(session, { name: database, like: server }, log);
      creating = undefined;
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    const refused = error instanceof pg.DatabaseError && error.severity === 'ERROR';
    if (creating !== undefined && !refused) await dropDatabase(target, creating, log);
    throw cannotCreate(target, error);
  }
  let kept = false;
  return {
    keep: () => {
      kept = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (!kept) await dropDatabase(target, undefined, log);
    },
  };
}

function alreadyThere(database: string): Failure {
  return new Failure('target', `the database ${database} cannot be created: database "${database}" already exists`, {
    hint: 'If it is empty, leave out --create; else choose another name in TARGET_DATABASE_URL.',
  });
}

function cannotCreate({ database, user }: ConnectionConfig, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  const mayNot = error instanceof pg.DatabaseError && error.code === '42501';
  const right = `As an administrator: ALTER ROLE ${pg.escapeIdentifier(user)} CREATEDB`;
  return new Failure('target', `the database ${database} cannot be created: ${why}`, {
    hint: mayNot ? `${right}; or make the database yourself and leave out --create.` : undefined,
    cause: error,
  });
}

async function isThere(session: pg.Client, database: string): Promise<boolean> {
  const { rowCount } = await session.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [database]);
  return rowCount !== 0;
}

/** @param creating the server's process that may be creating it still, on a connection that was broken off. */
async function dropDatabase(target: ConnectionConfig, creating: number | undefined, log: Log): Promise<void> {
  try {
    await withSession(maintenance(target), AbortSignal.timeout(dropMs), async (session) => {
      if (creating !== undefined) await endBackend(session, creating);
      if (!(await isThere(session, target.database))) return;
      const drop = `DROP DATABASE ${session.escapeIdentifier(target.database)}`;
      // Before PostgreSQL 13 there is no FORCE.
      await session.query(`${drop} WITH (FORCE)`).catch(() => session.query(drop));
      log.info(`dropped the database ${target.database} again, which was made for this restore`);
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.warn(
      `the database ${target.database}, which was made for this restore, could not be dropped again: ${message}`,
    );
  }
}

/** Where databases are made and dropped. */
function maintenance(target: ConnectionConfig): ConnectionConfig {
  return { ...target, database: 'postgres' };
}

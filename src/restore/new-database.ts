import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { createDatabase } from '../postgres/create-database.ts';
import { withSession } from '../postgres/with-session.ts';

/** How long dropping it again may take, also after the run was told to end. */
const dropMs = 15_000;

/** A database that was made for a restore: disposing drops it again, unless it is kept. Disposing never throws. */
export interface NewDatabase extends AsyncDisposable {
  keep(): void;
}

/**
 * Makes the target database with the encoding and, where the server knows them, the collation of the dumped one.
 * @throws {Failure} `target` when the server refuses.
 */
export async function makeDatabase(
  target: ConnectionConfig,
  { server }: Pick<Manifest, 'server'>,
  log: Log,
  signal: AbortSignal,
): Promise<NewDatabase> {
  await withSession(maintenance(target), signal, async (session) => {
    await createDatabase(session, { name: target.database, like: server }, log).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      throw new Failure('target', `the database ${target.database} cannot be created: ${message}`, { cause: error });
    });
  });
  let kept = false;
  return {
    keep: () => {
      kept = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (!kept) await dropDatabase(target, log);
    },
  };
}

async function dropDatabase(target: ConnectionConfig, log: Log): Promise<void> {
  try {
    await withSession(maintenance(target), AbortSignal.timeout(dropMs), async (session) => {
      const drop = `DROP DATABASE ${session.escapeIdentifier(target.database)}`;
      // Before PostgreSQL 13 there is no FORCE.
      await session.query(`${drop} WITH (FORCE)`).catch(() => session.query(drop));
    });
    log.info(`dropped the database ${target.database} again, which was made for this restore`);
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

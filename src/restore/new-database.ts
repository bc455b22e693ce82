import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { connect } from '../postgres/connect.ts';

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
  await inPostgres(target, signal, async (session) => {
    const { encoding, collate, ctype } = server;
    const literal = (value: string): string => session.escapeLiteral(value);
    const create = `CREATE DATABASE ${session.escapeIdentifier(target.database)} TEMPLATE template0 ENCODING ${literal(encoding)}`;
    const likeSource =
      collate === undefined || ctype === undefined
        ? []
        : [`${create} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}`];
    // The server's own locale may not go with the encoding; C goes with all.
    const ways = [...likeSource, create, `${create} LC_COLLATE 'C' LC_CTYPE 'C'`];
    for (const [index, way] of ways.entries()) {
      try {
        await session.query(way);
        if (likeSource.length > 0 && index > 0) {
          log.warn(
            `the server does not have the collation ${collate ?? ''}: ${target.database} sorts text in another order than the source did`,
          );
        }
        return;
      } catch (error) {
        if (index < ways.length - 1 && isAboutLocale(error)) continue;
        const message = error instanceof Error ? error.message : String(error);
        throw new Failure('target', `the database ${target.database} cannot be created: ${message}`, { cause: error });
      }
    }
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

/** SQLSTATE of a locale that is unknown, or that does not go with an encoding (dbcommands.c). */
function isAboutLocale(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === '22023' || code === '42809';
}

async function dropDatabase(target: ConnectionConfig, log: Log): Promise<void> {
  try {
    await inPostgres(target, AbortSignal.timeout(dropMs), async (session) => {
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

async function inPostgres(
  target: ConnectionConfig,
  signal: AbortSignal,
  work: (session: pg.Client) => Promise<void>,
): Promise<void> {
  const session = await connect({ ...target, database: 'postgres' }, signal);
  session.on('error', () => undefined);
  try {
    await work(session);
  } finally {
    await session.end().catch(() => undefined);
  }
}

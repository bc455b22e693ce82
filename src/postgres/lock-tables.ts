import type pg from 'pg';
import { Failure } from '../errors.ts';
import { isLockTimeout, lockedTable } from './census.ts';
import { toDatabaseFailure } from './query-failure.ts';

/** Tables of one LOCK: the text of a query stays short. */
const together = 500;

/**
 * What a name means is looked up as it is now, and not as the snapshot has it. Those of extensions are left out, which
 * pg_dump mostly does not dump.
 */
const listNames = `
  SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name, c.oid
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::regclass
                      AND d.objid = n.oid AND d.deptype = 'e')`;

/** Errors of PostgreSQL that mean that a table is not what it was in the snapshot: no such table, schema; now a view. */
const gone: ReadonlySet<unknown> = new Set(['42P01', '3F000', '42809']);

/**
 * Takes the weakest lock (`ACCESS SHARE`) of every table that the snapshot of the current transaction shows, and keeps
 * them until its end: a table that a later pg_dump comes to cannot be dropped, renamed or altered before. `lock_timeout`
 * must be set.
 * @returns false where one was already dropped, renamed or replaced after the snapshot, which is then of no use; the
 * transaction may be broken.
 * @throws {Failure} `dump` when a lock is held by another session or may not be taken; `database`.
 */
export async function lockTables(client: pg.Client, lockWaitTimeoutMs: number): Promise<boolean> {
  try {
    const { rows } = await client.query<{ name: string }>(`${listNames} ORDER BY c.oid`);
    for (let from = 0; from < rows.length; from += together) {
      const names = rows.slice(from, from + together).map(({ name }) => `ONLY ${name}`);
      await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
    }
    return (await findMoved(client)) === undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (gone.has(code)) return false;
    if (isLockTimeout(error)) throw lockedTable(lockWaitTimeoutMs, error);
    if (code !== '42501') throw toDatabaseFailure('lock the tables', error);
    throw new Failure('dump', `could not lock the tables: ${error instanceof Error ? error.message : ''}`, {
      hint: `GRANT pg_read_all_data TO ${client.escapeIdentifier(client.user ?? '')}; (PostgreSQL 14 and later)`,
      retryable: false,
      cause: error,
    });
  }
}

/**
 * Makes sure that the names which pg_dump went by still mean the tables of the snapshot: its locks do not keep a schema
 * from being renamed, and another one from getting its name.
 * @throws {Failure} `dump` where one does not; `database`.
 */
export async function refuseMoved(client: pg.Client): Promise<void> {
  const moved = await findMoved(client).catch((error: unknown) => {
    throw toDatabaseFailure('look up the tables', error);
  });
  if (moved === undefined) return;
  throw new Failure('dump', `${moved} was not the same table any more when it was dumped`, {
    hint: 'Most likely its schema was renamed during the backup. Move the backup away from migrations.',
  });
}

async function findMoved(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT name FROM (${listNames}) t WHERE pg_catalog.to_regclass(name)::pg_catalog.oid IS DISTINCT FROM oid LIMIT 1`,
  );
  return rows[0]?.name;
}

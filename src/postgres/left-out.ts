import type pg from 'pg';
import type { SourceConfig } from '../config/config.ts';
import { partVariables } from '../config/dump-filters.ts';
import { Failure } from '../errors.ts';
import { toDatabaseFailure } from './query-failure.ts';

const shown = 3;

/**
 * Refuses a dump with filters that could not be restored because a foreign key of a dumped table points to rows that
 * were left out. Reads the catalog in the current transaction of the client, the one that exported the snapshot.
 * @param dumped the oids of the tables whose contents are in the dump.
 * @throws {Failure} `config` naming up to three foreign keys; `database` when the catalog cannot be read.
 */
export async function refuseLeftOutKeys(
  client: pg.Client,
  source: SourceConfig,
  dumped: readonly number[],
): Promise<void> {
  const isPart = partVariables(source).length > 0;
  if (!isPart && source.excludeTableData.length === 0 && source.dumpArgs.length === 0) return;
  const keys = await findKeys(client, dumped, isPart);
  const [first, ...others] = keys;
  if (first === undefined) return;
  const more = others.slice(0, shown - 1).map(({ name, target }) => `${name} to ${target}`);
  const rest = keys.length > shown ? ` and ${String(keys.length - shown)} more` : '';
  throw new Failure(
    'config',
    `foreign key ${first.name} points to ${first.target}, whose rows are left out: the backup could not be restored` +
      (more.length === 0 ? '' : ` (so do ${more.join(', ')}${rest})`),
    { hint: 'Include the table that it points to, or leave out both tables.' },
  );
}

/** A key that is NOT VALID is not checked when it is restored, but the table that it points to must exist. */
async function findKeys(
  client: pg.Client,
  dumped: readonly number[],
  isPart: boolean,
): Promise<{ name: string; target: string }[]> {
  try {
    const { rows } = await client.query<{ name: string; target: string }>(
      `SELECT fn.nspname || '.' || k.conname AS name, tn.nspname || '.' || t.relname AS target
       FROM pg_catalog.pg_constraint k
       JOIN pg_catalog.pg_class f ON f.oid = k.conrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
       JOIN pg_catalog.pg_class t ON t.oid = k.confrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
       WHERE k.contype = 'f' AND (k.convalidated OR $2) AND t.relkind = 'r'
         AND k.conrelid = ANY ($1::pg_catalog.oid[]) AND k.confrelid <> ALL ($1::pg_catalog.oid[])
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                           AND d.objid = t.oid AND d.deptype = 'e')
       ORDER BY 1, 2`,
      [dumped, isPart],
    );
    return rows;
  } catch (error) {
    throw toDatabaseFailure('read the foreign keys of the database', error);
  }
}

import type pg from 'pg';
import { Failure } from '../errors.ts';
import { toDatabaseFailure } from './query-failure.ts';

const shown = 3;

/**
 * Refuses a dump whose functions were dropped while it was made. pg_dump reads which functions there are from its snapshot,
 * but their arguments and results from the catalog as it is at that moment (`pg_get_function_arguments`), which knows
 * nothing of one that was dropped: it then writes a definition without them, ends with 0, and the restore stops there.
 * Asks in the current transaction of the client, the one that exported the snapshot. To be asked as soon as pg_dump has
 * read all definitions, since what is dropped later does no harm.
 * @throws {Failure} `dump` naming up to three functions; `database` when the catalog cannot be read.
 */
export async function refuseDroppedFunctions(client: pg.Client): Promise<void> {
  const dropped = await findDropped(client);
  if (dropped.length === 0) return;
  const names = dropped.slice(0, shown).join(', ') + (dropped.length > shown ? ', …' : '');
  throw new Failure('dump', `functions were dropped while their definitions were read: ${names}`, {
    hint: 'pg_dump cannot write these as they were, and the backup could not be restored. Move the backup away from migrations.',
  });
}

/** What extensions and sessions bring along is not dumped as functions. */
async function findDropped(client: pg.Client): Promise<string[]> {
  try {
    // It looks into the present catalog too, and answers null for what is not there.
    const { rows } = await client.query<{ name: string }>(`
      SELECT pg_catalog.format('%I.%I', n.nspname, p.proname) AS name
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE p.oid >= 16384 AND n.nspname !~ '^pg_(toast_)?temp_' AND pg_catalog.pg_function_is_visible(p.oid) IS NULL
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
          AND d.objid = p.oid AND d.deptype = 'e')
      ORDER BY 1 LIMIT ${shown + 1}`);
    return rows.map(({ name }) => name);
  } catch (error) {
    throw toDatabaseFailure('look for functions that were dropped', error);
  }
}

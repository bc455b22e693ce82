import type pg from 'pg';

/** What this login could not dump. */
export interface MissingRights {
  /** Quoted names of schemas, tables and sequences that it may not read. */
  readonly unreadable: readonly string[];
  /** Quoted names of tables of which row-level security would hide rows. */
  readonly filtered: readonly string[];
}

/**
 * Looks for everything in the connected database that pg_dump would be refused: it needs SELECT on every table and
 * sequence, USAGE on their schemas, and no row-level security in force.
 */
export async function missingRights(client: pg.Client): Promise<MissingRights> {
  const { rows } = await client.query<{ name: string; readable: boolean; filtered: boolean }>(`
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind
             WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
             ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END AS readable,
           c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS filtered
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY 1`);
  return {
    unreadable: rows.filter(({ readable }) => !readable).map(({ name }) => name),
    filtered: rows.filter(({ filtered }) => filtered).map(({ name }) => name),
  };
}

/**
 * The server's words about the first large object that this login may not read, or undefined. No grant covers them all:
 * each has rights of its own, so each is opened for reading, which is what pg_dump does.
 */
export async function unreadableLargeObject(client: pg.Client): Promise<string | undefined> {
  const forReading = 0x40000; // INV_READ
  try {
    await client.query(
      `SELECT count(pg_catalog.lo_close(pg_catalog.lo_open(oid, ${forReading}))) FROM pg_catalog.pg_largeobject_metadata`,
    );
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '42501') return error.message;
    throw error;
  }
}

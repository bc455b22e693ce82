import type pg from 'pg';

/**
 * The roles that objects of the connected database belong to or are granted to, without those that every server has.
 * A restore that keeps owners and grants needs them to exist.
 */
export async function referencedRoles(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    SELECT DISTINCT r.rolname AS name
    FROM pg_catalog.pg_shdepend d JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass AND r.rolname NOT LIKE 'pg\\_%'
      AND d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    ORDER BY 1`);
  return rows.map(({ name }) => name);
}

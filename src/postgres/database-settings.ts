import pg from 'pg';

/** psql puts in the quoted name of the database that it is connected to: a restore often gives it another one. */
const thisDatabase = ':"DBNAME"';

/** Settings whose value is a list of names, as `variable_is_guc_list_quote` of pg_dump has them. */
const lists: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/**
 * SQL for psql with the settings of the connected database (`ALTER DATABASE … SET`) and of roles in it. Neither a dump
 * restored into a database that is there nor `pg_dumpall --globals-only` has them. Empty where there are none.
 */
export async function databaseSettings(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ role: string | null; setting: string }>(`
    SELECT r.rolname AS role, setting
    FROM pg_catalog.pg_db_role_setting s
    JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase AND d.datname = pg_catalog.current_database()
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
    CROSS JOIN pg_catalog.unnest(s.setconfig) AS setting
    WHERE s.setrole = 0 OR r.rolname IS NOT NULL
    ORDER BY r.rolname NULLS FIRST, setting`);
  if (rows.length === 0) return '';
  const lines = rows.map(({ role, setting }) => {
    const who =
      role === null
        ? `ALTER DATABASE ${thisDatabase}`
        : `ALTER ROLE ${pg.escapeIdentifier(role)} IN DATABASE ${thisDatabase}`;
    const at = setting.indexOf('=');
    const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
    return `${who} SET ${pg.escapeIdentifier(name)} TO ${valueOf(name, value)};\n`;
  });
  return `\n--\n-- Settings of the database; psql puts in the name of the one that it is connected to\n--\n\n${lines.join('')}`;
}

function valueOf(name: string, value: string): string {
  const values = lists.has(name.toLowerCase()) ? namesIn(value) : [value];
  return (values.length === 0 ? [''] : values).map((one) => pg.escapeLiteral(one).trim()).join(', ');
}

/** The names of a list as the server keeps it: with commas between, and quoted where need be. */
function namesIn(value: string): string[] {
  return [...value.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(
    ([bare, quoted]) => quoted?.replaceAll('""', '"') ?? bare,
  );
}

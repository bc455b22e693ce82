import type pg from 'pg';
import type { SourceConfig } from '../config/config.ts';
import { isSelected, partVariables } from '../config/dump-filters.ts';
import type { TableCount } from './census.ts';
import { toDatabaseFailure } from './query-failure.ts';

/** What must be in a database before the dump of a part is restored into it. */
export interface Needs {
  /** The oid is how the entries of an archive name a schema, whatever characters its name has. */
  readonly schemas: readonly { readonly name: string; readonly oid: number }[];
  /** In the order in which they can be created. */
  readonly extensions: readonly { readonly name: string; readonly schema: string }[];
}

/**
 * Finds what a dump with filters does not bring along: extensions, which no dump of named schemas or tables has, their
 * schemas, and the schemas of the tables. Undefined for a dump of everything.
 * @param tables those whose contents are in the dump.
 * @throws {Failure} `database` when the catalog cannot be read.
 */
export async function findNeeds(
  client: pg.Client,
  source: SourceConfig,
  tables: readonly TableCount[],
): Promise<Needs | undefined> {
  if (partVariables(source).length === 0) return undefined;
  try {
    const found = await client.query<{ name: string; schema: string }>(`
      SELECT e.extname AS name, n.nspname AS schema
      FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
      WHERE e.extname <> 'plpgsql' ORDER BY e.oid`);
    const excluded = source.dumpArgs.map((word) => word.replace(/^--exclude-extension=/, ''));
    const extensions = found.rows.filter(({ name }) => !excluded.includes(name));
    // A schema that belongs to an extension comes with it, and must not be there before.
    const schemas = await client.query<{ name: string; oid: number }>(`
      SELECT n.nspname AS name, n.oid FROM pg_catalog.pg_namespace n
      WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objid = n.oid AND d.deptype = 'e')
      ORDER BY 1`);
    const { rows } = await client.query<{ path: string }>(
      `SELECT reset_val || ',' || CURRENT_USER AS path FROM pg_catalog.pg_settings WHERE name = 'search_path'`,
    );
    const needed = new Set([
      'public',
      ...extensions.map(({ schema }) => schema),
      ...tables.map(({ schema }) => schema),
    ]);
    const named = namedBy(source, rows[0]?.path ?? '');
    return {
      schemas: schemas.rows.filter(({ name }) => needed.has(name) || named(name)),
      extensions: isSelected(source) ? extensions : [],
    };
  } catch (error) {
    throw toDatabaseFailure('read the schemas and extensions of the database', error);
  }
}

/**
 * Tells which schemas patterns for tables may mean: a view, or a table without its rows, is not among the tables that
 * were counted. Rather one schema too many, which stays empty, than one too few.
 */
function namedBy(source: SourceConfig, searchPath: string): (schema: string) => boolean {
  const plain = (text: string): string => text.replaceAll('"', '').toLowerCase();
  const patterns = [...source.tables, ...source.dumpArgs];
  if (source.tables.length === 0 && !isSelected({ ...source, schemas: [] })) return () => false;
  const isAny = patterns.some((pattern) => /[*?()[\]{}|+\\].*\.|^--filt/.test(pattern));
  const text = plain([...patterns, searchPath].join('\n'));
  return (schema) => isAny || text.includes(plain(schema));
}

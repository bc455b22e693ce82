import type pg from 'pg';

/**
 * One query for each kind of object that a dump carries: what the user made, without the system's own objects and
 * without the members of extensions, which CREATE EXTENSION makes again. `member` and `system` are filled in below.
 */
const queries: Readonly<Record<string, string>> = {
  // Without public: a new database has it, whether or not the dumped one still had.
  schemas: `SELECT 1 FROM pg_namespace n WHERE n.nspname <> 'public' AND NOT system(n.oid) AND NOT member('pg_namespace', n.oid)`,
  tables: relation('r'),
  partitionedTables: relation('p'),
  foreignTables: relation('f'),
  views: relation('v'),
  materializedViews: relation('m'),
  sequences: relation('S'),
  // pg_dump leaves out those that are not valid, as a CREATE INDEX CONCURRENTLY that failed leaves behind.
  indexes: `${relation('i', 'I')} AND NOT EXISTS (SELECT 1 FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
            WHERE x.indexrelid = o.oid AND NOT (x.indisready AND (x.indisvalid OR t.relkind = 'p')))`,
  functions: `SELECT 1 FROM pg_proc o WHERE NOT system(o.pronamespace) AND NOT member('pg_proc', o.oid)`,
  types: `SELECT 1 FROM pg_type o WHERE o.typtype IN ('d', 'e', 'r') AND NOT system(o.typnamespace) AND NOT member('pg_type', o.oid)`,
  compositeTypes: relation('c'),
  // pg_dump leaves out those that stand for one that is still to be made, as the commutator of another.
  operators: `SELECT 1 FROM pg_operator o WHERE o.oprcode <> 0 AND NOT system(o.oprnamespace) AND NOT member('pg_operator', o.oid)`,
  operatorClasses: `SELECT 1 FROM pg_opclass o WHERE NOT system(o.opcnamespace) AND NOT member('pg_opclass', o.oid)`,
  operatorFamilies: `SELECT 1 FROM pg_opfamily o WHERE NOT system(o.opfnamespace) AND NOT member('pg_opfamily', o.oid)`,
  // 16384 is the first number that a server gives to what users make.
  casts: `SELECT 1 FROM pg_cast o WHERE o.oid >= 16384 AND NOT member('pg_cast', o.oid)`,
  languages: `SELECT 1 FROM pg_language o WHERE o.lanispl AND o.oid >= 16384 AND NOT member('pg_language', o.oid)`,
  collations: `SELECT 1 FROM pg_collation o WHERE NOT system(o.collnamespace) AND NOT member('pg_collation', o.oid)`,
  constraints: `SELECT 1 FROM pg_constraint o WHERE o.contype <> 'n' AND NOT system(o.connamespace) AND NOT member('pg_class', o.conrelid)`,
  notValidatedConstraints: `SELECT 1 FROM pg_constraint o WHERE o.contype <> 'n' AND NOT o.convalidated
                            AND NOT system(o.connamespace) AND NOT member('pg_class', o.conrelid)`,
  triggers: `SELECT 1 FROM pg_trigger o JOIN pg_class c ON c.oid = o.tgrelid
             WHERE NOT o.tgisinternal AND NOT system(c.relnamespace) AND NOT member('pg_trigger', o.oid)`,
  rules: `SELECT 1 FROM pg_rewrite o JOIN pg_class c ON c.oid = o.ev_class
          WHERE o.rulename <> '_RETURN' AND NOT system(c.relnamespace) AND NOT member('pg_class', c.oid)`,
  policies: `SELECT 1 FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid WHERE NOT system(c.relnamespace)`,
  extendedStatistics: `SELECT 1 FROM pg_statistic_ext o WHERE NOT system(o.stxnamespace)`,
  eventTriggers: `SELECT 1 FROM pg_event_trigger o WHERE NOT member('pg_event_trigger', o.oid)`,
  publications: `SELECT 1 FROM pg_publication`,
  foreignServers: `SELECT 1 FROM pg_foreign_server o WHERE NOT member('pg_foreign_server', o.oid)`,
  userMappings: `SELECT 1 FROM pg_user_mappings o WHERE NOT member('pg_foreign_server', o.srvid)`,
  defaultPrivileges: `SELECT 1 FROM pg_default_acl`,
  textSearchConfigurations: `SELECT 1 FROM pg_ts_config o WHERE NOT system(o.cfgnamespace) AND NOT member('pg_ts_config', o.oid)`,
  extensions: `SELECT 1 FROM pg_extension e WHERE e.extname <> 'plpgsql'`,
  largeObjects: `SELECT 1 FROM pg_largeobject_metadata`,
};

function relation(...kinds: readonly string[]): string {
  const list = kinds.map((kind) => `'${kind}'`).join(', ');
  return `SELECT 1 FROM pg_class o WHERE o.relkind IN (${list}) AND NOT system(o.relnamespace) AND NOT member('pg_class', o.oid)`;
}

/**
 * How many objects of each kind the connected database holds, as its current transaction sees them. A restored copy
 * must have the same numbers.
 */
export async function countObjects(client: pg.Client): Promise<Record<string, number>> {
  const parts = Object.entries(queries).map(
    ([kind, query]) => `SELECT '${kind}' AS kind, count(*)::int AS n FROM (${expand(query)}) x`,
  );
  const { rows } = await client.query<{ kind: string; n: number }>(parts.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
}

function expand(query: string): string {
  return query
    .replace(
      /system\(([^)]+)\)/g,
      `(EXISTS (SELECT 1 FROM pg_namespace s WHERE s.oid = $1 AND (s.nspname = 'information_schema' OR s.nspname LIKE 'pg\\_%')))`,
    )
    .replace(
      /member\('(\w+)', ([^)]+)\)/g,
      `(EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = '$1'::regclass AND d.objid = $2 AND d.deptype = 'e'))`,
    );
}

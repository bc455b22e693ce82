import pg from 'pg';
import type { Log } from '../log.ts';
import { type BodyNames, namesIn } from './body-names.ts';

/** The longest that looking may take, in milliseconds. */
const limitMs = 10_000;
/** How many are named. */
const shown = 5;

/** How much of a body is read, in characters. */
const readCharacters = 20_000;

const kinds = ['relations', 'functions', 'types'] as const;

/** A function in SQL or PL/pgSQL whose body is text and whose search_path is the caller's. */
interface TextFunction {
  readonly schema: string;
  /** With its schema, quoted. */
  readonly called: string;
  /** The types of its arguments. */
  readonly arguments: string;
  /** The one that it belongs to. */
  readonly extension: string | null;
  readonly body: string;
  /** `index t_norm_idx`. */
  readonly user: string;
}

/** Whatever has one of these names, also in pg_catalog, where it is found with any search_path. */
const lookup = `
  SELECT n.nspname::text AS schema, o.name::text AS name, o.kind
  FROM (SELECT relname, relnamespace, 'relations' FROM pg_catalog.pg_class WHERE relkind IN ('r', 'v', 'm', 'f', 'p')
        UNION ALL SELECT proname, pronamespace, 'functions' FROM pg_catalog.pg_proc
        UNION ALL SELECT typname, typnamespace, 'types' FROM pg_catalog.pg_type) AS o (name, namespace, kind)
  JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
  WHERE o.name = ANY ($1::pg_catalog.name[]) AND n.nspname !~ '^(pg_toast|pg_temp|information_schema$)'`;

/** What is computed while rows, indexes and materialized views are restored, and what that goes through. */
const reached = `
  WITH RECURSIVE computed AS (
    SELECT 'index ' || c.relname AS what, 'pg_catalog.pg_class'::pg_catalog.regclass AS classid, c.oid AS objid
    FROM pg_catalog.pg_class c WHERE c.relkind IN ('i', 'I') AND c.oid >= 16384
    UNION ALL SELECT 'the partition key of ' || c.relname, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid
    FROM pg_catalog.pg_class c WHERE c.relkind = 'p'
    UNION ALL SELECT 'constraint ' || k.conname, 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
    FROM pg_catalog.pg_constraint k WHERE k.contype IN ('c', 'x') AND k.convalidated AND k.oid >= 16384
    UNION ALL SELECT 'generated column ' || c.relname || '.' || a.attname, 'pg_catalog.pg_attrdef'::pg_catalog.regclass, f.oid
    FROM pg_catalog.pg_attrdef f
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated = 's'
    JOIN pg_catalog.pg_class c ON c.oid = f.adrelid
    UNION ALL SELECT 'materialized view ' || c.relname, 'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid
    FROM pg_catalog.pg_rewrite r
    JOIN pg_catalog.pg_class c ON c.oid = r.ev_class AND c.relkind = 'm' AND c.relispopulated
  ), used AS (
    SELECT * FROM computed
    UNION
    SELECT u.what, CASE WHEN r.oid IS NULL THEN d.refclassid ELSE 'pg_catalog.pg_rewrite'::pg_catalog.regclass END,
           COALESCE(r.oid, d.refobjid)
    FROM used u
    JOIN pg_catalog.pg_depend d ON d.classid = u.classid AND d.objid = u.objid
    LEFT JOIN pg_catalog.pg_class v
      ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND v.oid = d.refobjid AND v.relkind = 'v'
    LEFT JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid AND r.rulename = '_RETURN'
    WHERE r.oid IS NOT NULL
       OR d.refclassid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass,
                           'pg_catalog.pg_cast'::pg_catalog.regclass)
  ), users AS (
    SELECT objid, MIN(what) AS what FROM used
    WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass GROUP BY objid
  )`;

const called = `
  WITH users AS (
    SELECT p.oid AS objid, MIN(w.what) AS what
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.name[]), pg_catalog.unnest($2::pg_catalog.name[]),
                    pg_catalog.unnest($3::text[])) AS w (schema, name, what)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid AND p.proname = w.name GROUP BY p.oid
  )`;

const textFunctions = `
  SELECT n.nspname::text AS schema, pg_catalog.left(p.prosrc, ${String(readCharacters)}) AS body, u.what AS user,
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) AS called,
         pg_catalog.oidvectortypes(p.proargtypes) AS arguments,
         (SELECT e.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
          WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e') AS extension
  FROM users u JOIN pg_catalog.pg_proc p ON p.oid = u.objid
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE l.lanname IN ('sql', 'plpgsql') AND p.prosqlbody IS NULL AND p.oid >= 16384
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS c WHERE c LIKE 'search\\_path=%')
  ORDER BY called, arguments`;

/**
 * Sentences on functions that would keep a dump of this database from being restored: indexes, constraints, generated
 * columns and materialized views are computed with an empty `search_path` then, and their functions, or what these call,
 * find something by it. What a body names is read from its text, so not everything is found. Needs a transaction, which it
 * leaves as it was. Never throws: where it cannot look, it finds nothing.
 */
export async function searchPathWarnings(client: pg.Client, log: Log): Promise<string[]> {
  try {
    await client.query('SAVEPOINT search_path_users');
    try {
      await client.query(`SET LOCAL statement_timeout = ${String(limitMs)}`);
      return await lookForUsers(client);
    } finally {
      await client.query('ROLLBACK TO SAVEPOINT search_path_users');
    }
  } catch (error) {
    log.debug({ error: String(error) }, 'functions that find things by the search_path could not be looked for');
    return [];
  }
}

async function lookForUsers(client: pg.Client): Promise<string[]> {
  const warnings: string[] = [];
  const seen = new Set<string>();
  let { rows: functions } = await client.query<TextFunction>(reached + textFunctions);
  while (functions.length > 0) {
    const read = functions.map((one) => ({ one, names: namesIn(one.body) }));
    const found = await lookUp(client, read);
    const next: { schema: string; name: string; user: string }[] = [];
    for (const { one, names } of read) {
      seen.add(signatureOf(one));
      const lost = lostBy(one, names, found);
      if (lost.length > 0) warnings.push(describe(one, lost));
      // Those that it calls find things as it does itself.
      else next.push(...names.qualified.map((name) => ({ ...name, user: one.called })));
    }
    functions = await calledFunctions(client, next).then((all) => all.filter((one) => !seen.has(signatureOf(one))));
  }
  if (warnings.length <= shown) return warnings;
  const more = `${String(warnings.length - shown)} more functions find things by search_path, which is empty while a dump is restored`;
  return [...warnings.slice(0, shown), more];
}

async function calledFunctions(
  client: pg.Client,
  calls: readonly { schema: string; name: string; user: string }[],
): Promise<TextFunction[]> {
  if (calls.length === 0) return [];
  const lists = [calls.map(({ schema }) => schema), calls.map(({ name }) => name), calls.map(({ user }) => user)];
  const { rows } = await client.query<TextFunction>(called + textFunctions, lists);
  return rows;
}

/** Every thing of the database that has one of these names, by kind and name. */
async function lookUp(
  client: pg.Client,
  read: readonly { readonly names: BodyNames }[],
): Promise<Map<string, string[]>> {
  const words = new Set(read.flatMap(({ names }) => [...names.functions, ...names.relations, ...names.types]));
  const { rows } = await client.query<{ kind: string; name: string; schema: string }>(lookup, [[...words]]);
  const schemas = Map.groupBy(rows, ({ kind, name }) => `${kind} ${name}`);
  return new Map([...schemas].map(([key, group]) => [key, group.map(({ schema }) => schema)]));
}

/** What it names that an empty search_path does not find, with the schema where it probably is. */
function lostBy(
  { schema: own }: TextFunction,
  names: BodyNames,
  found: ReadonlyMap<string, readonly string[]>,
): { name: string; schema: string }[] {
  return kinds.flatMap((kind) =>
    [...names[kind]].flatMap((name) => {
      const schemas = found.get(`${kind} ${name}`) ?? [];
      const [first] = schemas;
      if (first === undefined || schemas.includes('pg_catalog')) return [];
      return [{ name, schema: [own, 'public'].find((likely) => schemas.includes(likely)) ?? first }];
    }),
  );
}

function signatureOf({ called: name, arguments: types }: TextFunction): string {
  return `${name}(${types})`;
}

function describe(one: TextFunction, lost: readonly { name: string; schema: string }[]): string {
  const names = [...new Set(lost.map(({ name }) => name))].join(', ');
  const path = [...new Set(lost.map(({ schema }) => schema))].map(quoted).join(', ');
  const what = `${one.called}, used by ${one.user}, finds ${names} by search_path, which is empty while a dump is restored`;
  if (one.extension !== null) {
    return `${what}: it belongs to the extension ${one.extension}, of which a dump keeps no change, so what uses it is to be left out of a restore and made afterwards`;
  }
  return `${what}: ALTER FUNCTION ${signatureOf(one)} SET search_path = ${path}`;
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : pg.escapeIdentifier(name);
}

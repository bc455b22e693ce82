import pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { withSession } from '../postgres/with-session.ts';
import type { ScratchDatabase } from './scratch-database.ts';

type Extension = Manifest['contents']['extensions'][number];

/** How extensions are prepared. */
export interface PrepareOptions {
  /** Whether the drill may go on without an extension of this name. */
  readonly allowMissing: (extension: string) => boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What was prepared. */
export interface Prepared {
  /** Extensions that the server lacks or cannot create, all of them allowed to be missing. */
  readonly missing: readonly string[];
  /** Schemas that were made: the dump's own entries for them would fail. */
  readonly schemas: readonly string[];
}

/**
 * Before the restore: on a server of our own creates the extensions of the backup, as only a superuser may, from the
 * server's own scripts, and lets the role of the restore use them; and the roles that policies name. On another server
 * only looks for what is missing: there the dump creates what its user may create.
 * @throws {Failure} `dump` with the words `could not run`, naming every extension that is missing.
 */
export async function prepareExtensions(
  scratch: ScratchDatabase,
  { contents }: Manifest,
  { allowMissing, log, signal }: PrepareOptions,
): Promise<Prepared> {
  const prepare = async (client: pg.Client): Promise<Prepared> => {
    const available = await availableExtensions(client);
    const wanted = contents.extensions.filter(({ name }) => name !== 'plpgsql');
    const there = wanted.filter(({ name }) => available.has(name));
    const lacking = new Map<string, string>();
    for (const { name } of wanted) if (!available.has(name)) lacking.set(name, 'not installed');
    const schemas: string[] = [];
    if (scratch.admin) {
      const role = scratch.target.user;
      await createRoles(client, contents.roles);
      for (const extension of there) schemas.push(...(await makeSchema(client, placeOf(extension, available), role)));
      for (const [name, why] of await createAll(client, there, available)) lacking.set(name, why);
      await grantUse(client, role);
      for (const extension of there) tellVersions(extension, available.get(extension.name), log);
    }
    refuseLacking(lacking, allowMissing);
    return { missing: [...lacking.keys()], schemas };
  };
  try {
    return await withSession(scratch.admin ?? scratch.target, signal, prepare);
  } catch (error) {
    throw toDatabaseFailure('prepare the extensions of the backup', error);
  }
}

interface Available {
  readonly version: string;
  /** The schema that its script insists on, and makes where it is not there. */
  readonly schema: string | null;
}

async function availableExtensions(client: pg.Client): Promise<Map<string, Available>> {
  const { rows } = await client.query<Available & { name: string }>(`
    SELECT e.name::text, e.default_version AS version, v.schema::text
    FROM pg_catalog.pg_available_extensions e
    JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version`);
  return new Map(rows.map((row) => [row.name, row]));
}

/** Policies and user mappings name roles; they may do nothing here. */
async function createRoles(client: pg.Client, names: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT rolname::text AS name FROM pg_catalog.pg_roles');
  const known = new Set(rows.map(({ name }) => name));
  for (const name of names) {
    if (known.has(name)) continue;
    await client.query(`CREATE ROLE ${client.escapeIdentifier(name)} NOLOGIN`).catch(refusalOf);
  }
}

/** The schema that an extension goes into: where its script insists on one, that. */
function placeOf({ name, schema }: Extension, available: ReadonlyMap<string, Available>): string {
  return available.get(name)?.schema ?? schema;
}

/** Returns the name where it was made. */
async function makeSchema(client: pg.Client, schema: string, owner: string): Promise<string[]> {
  const there = await client.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if (there.rowCount !== 0) return [];
  const made = await client
    .query(`CREATE SCHEMA ${client.escapeIdentifier(schema)} AUTHORIZATION ${client.escapeIdentifier(owner)}`)
    .catch(refusalOf);
  return typeof made === 'string' ? [] : [schema];
}

/**
 * Creates the extensions, those first that need no other: CASCADE would put what is needed into the wrong schema. Returns
 * why those cannot be created that cannot.
 */
async function createAll(
  client: pg.Client,
  extensions: readonly Extension[],
  available: ReadonlyMap<string, Available>,
): Promise<Map<string, string>> {
  let left = extensions;
  for (let cascade = false; ;) {
    const refusals = new Map<Extension, string>();
    for (const extension of left) {
      const name = client.escapeIdentifier(extension.name);
      const schema = client.escapeIdentifier(placeOf(extension, available));
      const created = await client
        .query(`CREATE EXTENSION IF NOT EXISTS ${name} SCHEMA ${schema}${cascade ? ' CASCADE' : ''}`)
        .catch(refusalOf);
      if (typeof created === 'string') refusals.set(extension, `cannot be created: ${created}`);
    }
    if (refusals.size === 0 || cascade) return new Map([...refusals].map(([{ name }, why]) => [name, why]));
    cascade = refusals.size === left.length;
    left = [...refusals.keys()];
  }
}

/** The words of a statement that the server refused; everything else is thrown on. */
function refusalOf(error: unknown): string {
  if (error instanceof pg.DatabaseError && error.severity === 'ERROR') return error.message;
  throw error;
}

function tellVersions({ name, version }: Extension, available: Available | undefined, log: Log): void {
  const major = (text: string): string => /^\d+/.exec(text)?.[0] ?? text;
  if (available === undefined || major(version) === major(available.version)) return;
  log.warn(`the backup has version ${version} of the extension ${name}, the scratch server ${available.version}`);
}

/** A dump fills the configuration tables of extensions, and makes foreign servers of their wrappers. */
async function grantUse(client: pg.Client, role: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `
    WITH member AS (
      SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
      WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    ), configured AS (
      SELECT pg_catalog.unnest(e.extconfig) AS oid FROM pg_catalog.pg_extension e
    )
    SELECT pg_catalog.format('GRANT %s %I.%I TO %I',
             CASE WHEN c.oid NOT IN (SELECT oid FROM configured) THEN 'SELECT ON'
                  WHEN c.relkind = 'S' THEN 'ALL ON SEQUENCE'
                  ELSE 'SELECT, INSERT, UPDATE, DELETE ON' END,
             n.nspname, c.relname, $1::text) AS statement
    FROM member m JOIN pg_catalog.pg_class c ON c.oid = m.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.relkind IN ('r', 'p', 'S')
    UNION ALL
    SELECT pg_catalog.format('GRANT USAGE ON FOREIGN DATA WRAPPER %I TO %I', f.fdwname, $1::text)
    FROM member m JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid = m.objid
    WHERE m.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass
    UNION ALL
    SELECT pg_catalog.format('GRANT ALL ON SCHEMA %I TO %I', n.nspname, $1::text)
    FROM member m JOIN pg_catalog.pg_namespace n ON n.oid = m.objid
    WHERE m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass`,
    [role],
  );
  for (const { statement } of rows) await client.query(statement);
}

/** What to do about an extension that a scratch server lacks. */
export const missingHint =
  'Install them beside the server (PG_EXTRA_PACKAGES when the image is built), set DRILL_DATABASE_URL to a server that has ' +
  'them, or go on without what depends on them with --allow-missing-extension.';

function refuseLacking(lacking: ReadonlyMap<string, string>, allowMissing: (extension: string) => boolean): void {
  const refused = [...lacking].filter(([name]) => !allowMissing(name));
  if (refused.length === 0) return;
  const list = refused.map(([name, why]) => `${name} (${why})`).join(', ');
  throw new Failure('dump', `could not run: the scratch server lacks extensions of the backup: ${list}`, {
    hint: missingHint,
    retryable: false,
  });
}

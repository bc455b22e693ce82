import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { Check } from './check.ts';

/** Up to this size of all indexes each is compared with every row of its table too. */
const thoroughBytes = 20 * 1024 ** 3;
const shown = 3;

/**
 * Looks into every B-tree index and heap of the restored tables with `amcheck`, where the server has it.
 *
 * The client is a superuser in a database that a stranger may have filled, so nothing of that database may run with its
 * rights: event triggers are switched off before anything is created, names are looked up in the system's schema only, and
 * only tables of roles without a superuser's rights are looked at, whose functions amcheck calls as their owner since
 * PostgreSQL 14.3 (CVE-2022-1552).
 * @param client a superuser in the restored database; it is not to be compared with anything afterwards.
 * @throws {Failure} `database` when the connection is lost.
 */
export async function runAmcheck(client: pg.Client): Promise<Check[]> {
  try {
    await client.query('SET search_path = pg_catalog, pg_temp');
    const available = await client.query(`SELECT FROM pg_available_extensions WHERE name = 'amcheck'`);
    if (available.rowCount === 0) {
      return [{ name: 'amcheck', outcome: 'not run', detail: 'the scratch server does not have the extension' }];
    }
    await switchOffEventTriggers(client);
    const schema = client.escapeIdentifier(await install(client));
    const { rows } = await client.query<{ bytes: string }>(`SELECT coalesce(sum(pg_relation_size(oid)), 0) AS bytes
      FROM pg_class WHERE relkind = 'i' AND ${ours}`);
    const thorough = Number(rows[0]?.bytes) <= thoroughBytes;
    return [
      await look(client, 'amcheck of B-tree indexes', btrees, async (oid) => {
        await client.query(`SELECT ${schema}.bt_index_check($1::oid::regclass, $2)`, [oid, thorough]);
        return undefined;
      }),
      await look(client, 'amcheck of tables', heaps, async (oid) => {
        const found = await client.query<{ msg: string }>(
          `SELECT msg FROM ${schema}.verify_heapam($1::oid::regclass)`,
          [oid],
        );
        return found.rows[0]?.msg;
      }),
    ];
  } catch (error) {
    throw toDatabaseFailure('run amcheck on the restored database', error);
  }
}

/**
 * Switches off what would run code of the database at other statements; switching it off does not.
 * @param client a superuser in the database.
 */
export async function switchOffEventTriggers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT evtname AS name FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D'`,
  );
  for (const { name } of rows) await client.query(`ALTER EVENT TRIGGER ${client.escapeIdentifier(name)} DISABLE`);
}

/** The schema that holds amcheck's functions: its own, or that of the restored extension. */
async function install(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ schema: string }>(`
    SELECT n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'amcheck'`);
  if (rows[0]) return rows[0].schema;
  // A name that no dump has, nor can have on purpose.
  const schema = `amcheck_${randomBytes(8).toString('hex')}`;
  await client.query(`CREATE SCHEMA ${schema}`);
  await client.query(`CREATE EXTENSION amcheck SCHEMA ${schema}`);
  return schema;
}

const ours = `NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = relowner AND r.rolsuper)`;

const btrees = `
  SELECT c.oid, n.nspname || '.' || c.relname AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_index i ON i.indexrelid = c.oid
  JOIN pg_am a ON a.oid = c.relam
  WHERE c.relkind = 'i' AND a.amname = 'btree' AND i.indisvalid AND n.nspname NOT LIKE 'pg\\_%' AND ${ours} ORDER BY 2`;

const heaps = `
  SELECT c.oid, n.nspname || '.' || c.relname AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
  WHERE c.relkind IN ('r', 'm') AND a.amname = 'heap' AND n.nspname NOT LIKE 'pg\\_%' AND ${ours} ORDER BY 2`;

/** Looks into each relation that the query names; `inside` resolves to what is wrong with it or throws the server's words. */
async function look(
  client: pg.Client,
  name: string,
  query: string,
  inside: (oid: number) => Promise<string | undefined>,
): Promise<Check> {
  const { rows } = await client.query<{ oid: number; name: string }>(query);
  const wrong: string[] = [];
  for (const relation of rows) {
    const found = await inside(relation.oid).catch(toWords);
    if (found !== undefined) wrong.push(`${relation.name} (${found})`);
  }
  if (wrong.length === 0) return { name, outcome: 'passed', detail: `${String(rows.length)} are sound` };
  const more = wrong.length > shown ? ` and ${String(wrong.length - shown)} more` : '';
  return { name, outcome: 'failed', detail: `damaged: ${wrong.slice(0, shown).join(', ')}${more}` };
}

function toWords(error: unknown): string {
  if (error instanceof Error && 'severity' in error && error.severity === 'ERROR') return error.message;
  throw error;
}

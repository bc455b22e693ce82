import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import { countObjects } from '../postgres/object-counts.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { LeftOut } from './leave-out.ts';

/** One thing that was compared. */
export interface Comparison {
  /** `table public.orders`, `indexes`, `sequence public.orders_id_seq`, `extension hstore`. */
  readonly what: string;
  readonly expected: string;
  /** Empty where it was not looked at. */
  readonly found: string;
  readonly outcome: 'same' | 'different' | 'not compared';
  /** Why it was not compared; undefined where it was. */
  readonly reason: string | undefined;
}

/** What can be compared after a restore of only a part. */
export interface CompareScope {
  /** Tables whose rows must be there; the others are left out of the comparison. */
  readonly table: (schema: string, name: string) => boolean;
  /** Tables, views or sequences that were asked for by name: there must be one of each name. */
  readonly named: readonly string[];
  /** Everything was restored: objects of every kind, extensions and sequences are compared too. */
  readonly whole: boolean;
  /** What was left out of the restore, and is not there to be compared. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Compares a restored database with what the manifest recorded in the dump's own snapshot. Only exact counts are
 * compared: an estimate proves nothing, and is told as not compared.
 */
export async function compareWithManifest(
  client: pg.Client,
  manifest: Manifest,
  scope: CompareScope,
): Promise<Comparison[]> {
  try {
    const compared: Comparison[] = [];
    for (const { schema, name, rows, exact } of manifest.contents.tables) {
      if (!scope.table(schema, name)) continue;
      const what = `table ${schema}.${name}`;
      if (rows === null) compared.push(notCompared(what, 'not counted', 'the manifest has no count'));
      else if (!exact) compared.push(notCompared(what, `about ${String(rows)}`, 'the manifest has only an estimate'));
      else compared.push(compare(what, String(rows), await countRows(client, schema, name)));
    }
    for (const name of scope.named) {
      const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_class WHERE relname = $1', [name]);
      compared.push(compare(`--table ${name}`, 'there', rowCount === 0 ? 'not there' : 'there'));
    }
    if (scope.whole)
      compared.push(...(await compareObjects(client, manifest)), ...(await compareSequences(client, manifest)));
    return compared;
  } catch (error) {
    throw toDatabaseFailure('compare the restored database with the manifest', error);
  }
}

function compare(what: string, expected: string, found: string): Comparison {
  return { what, expected, found, outcome: expected === found ? 'same' : 'different', reason: undefined };
}

function notCompared(what: string, expected: string, reason: string): Comparison {
  return { what, expected, found: '', outcome: 'not compared', reason };
}

async function countRows(client: pg.Client, schema: string, name: string): Promise<string> {
  const quoted = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
  const exists = await client.query<{ found: boolean }>('SELECT pg_catalog.to_regclass($1) IS NOT NULL AS found', [
    quoted,
  ]);
  if (exists.rows[0]?.found !== true) return 'not there';
  const { rows } = await client.query<{ n: string }>(`SELECT pg_catalog.count(*) AS n FROM ONLY ${quoted}`);
  return rows[0]?.n ?? '';
}

async function compareObjects(client: pg.Client, { contents }: Manifest): Promise<Comparison[]> {
  const objects = contents.objects ?? {};
  const found = await countObjects(client);
  // Every new database has a public schema, also where the source has dropped its own.
  const unused = await client.query(`
    SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = n.oid)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_type WHERE typnamespace = n.oid)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc WHERE pronamespace = n.oid)`);
  const { schemas = 0 } = found;
  if (unused.rowCount === 1 && schemas - 1 === objects['schemas']) found['schemas'] = schemas - 1;
  // A provider's own extensions may be there besides; those of the dump are compared by name.
  const kinds = Object.keys(objects).filter((kind) => kind !== 'extensions' && kind in found);
  const { rows } = await client.query<{ name: string }>('SELECT extname AS name FROM pg_catalog.pg_extension');
  const present = new Set(rows.map(({ name }) => name));
  return [
    ...kinds.map((kind) => compare(kind, String(objects[kind]), String(found[kind]))),
    ...contents.extensions.map(({ name }) =>
      compare(`extension ${name}`, 'there', present.has(name) ? 'there' : 'not there'),
    ),
  ];
}

/** A restored sequence may be further on than recorded, in its own direction, but never behind: see Contents. */
async function compareSequences(client: pg.Client, { contents }: Manifest): Promise<Comparison[]> {
  const { rows } = await client.query<{ schema: string; name: string; value: string | null; up: boolean }>(`
    SELECT schemaname AS schema, sequencename AS name, last_value::text AS value, increment_by > 0 AS up
    FROM pg_catalog.pg_sequences`);
  const found = new Map(rows.map((row) => [JSON.stringify([row.schema, row.name]), row]));
  return contents.sequences.map(({ schema, name, value }) => {
    const restored = found.get(JSON.stringify([schema, name]));
    const behind =
      value !== null &&
      (restored === undefined ||
        restored.value === null ||
        (restored.up ? BigInt(restored.value) < BigInt(value) : BigInt(restored.value) > BigInt(value)));
    return {
      what: `sequence ${schema}.${name}`,
      expected: value ?? 'unused',
      found: restored ? (restored.value ?? 'unused') : 'not there',
      outcome: restored !== undefined && !behind ? 'same' : 'different',
      reason: undefined,
    };
  });
}

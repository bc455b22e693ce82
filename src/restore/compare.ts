import type pg from 'pg';
import type { Manifest } from '../catalog/manifest.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { compareObjects } from './compare-objects.ts';
import { compare, type Comparison, type CompareScope, notCompared } from './comparison.ts';
import type { LeftOut } from './leave-out.ts';
import { gatherSpread } from './spread.ts';
import { asListed } from './toc-list.ts';

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
    const tables = manifest.contents.tables.filter(({ schema, name }) => scope.table(schema, name));
    const byTable: Comparison[] = [];
    const isLeftOut = tablesLeftOut(scope.leftOut);
    for (const { schema, name, rows, exact } of tables) {
      const what = `table ${schema}.${name}`;
      if (rows === null) byTable.push(notCompared(what, 'not counted', 'the manifest has no count'));
      else if (!exact) byTable.push(notCompared(what, `about ${String(rows)}`, 'the manifest has only an estimate'));
      else if (isLeftOut(schema, name)) byTable.push(notCompared(what, String(rows), 'it was left out'));
      else byTable.push(compare(what, String(rows), await countRows(client, schema, name)));
    }
    const compared = await gatherSpread(client, tables, byTable);
    for (const name of scope.named) {
      const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_class WHERE relname = $1', [name]);
      compared.push(compare(`--table ${name}`, 'there', rowCount === 0 ? 'not there' : 'there'));
    }
    if (scope.whole) compared.push(...(await compareObjects(client, manifest, scope)));
    if (scope.whole && scope.rows) compared.push(...(await compareSequences(client, manifest, scope)));
    return compared;
  } catch (error) {
    throw toDatabaseFailure('compare the restored database with the manifest', error);
  }
}

/** Tells tables whose definition or rows were left out. */
function tablesLeftOut(leftOut: readonly LeftOut[]): (schema: string, name: string) => boolean {
  const key = (schema: string | undefined, name: string): string => JSON.stringify([schema, name]);
  const keys = new Set(
    leftOut.filter(({ entry }) => /^TABLE( DATA)?$/.test(entry.kind)).map(({ entry }) => key(entry.schema, entry.name)),
  );
  return (schema, name) => keys.has(key(schema, asListed(name)));
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

/** A restored sequence may be further on than recorded, in its own direction, but never behind: see Contents. */
async function compareSequences(
  client: pg.Client,
  { contents }: Manifest,
  { leftOut }: CompareScope,
): Promise<Comparison[]> {
  const isLeftOut = leftOut.some(({ entry }) => /^SEQUENCE( SET)?$/.test(entry.kind));
  const { rows } = await client.query<{ schema: string; name: string; value: string | null; up: boolean }>(`
    SELECT schemaname AS schema, sequencename AS name, last_value::text AS value, increment_by > 0 AS up
    FROM pg_catalog.pg_sequences`);
  const found = new Map(rows.map((row) => [JSON.stringify([row.schema, row.name]), row]));
  return contents.sequences.map(({ schema, name, value }) => {
    const what = `sequence ${schema}.${name}`;
    if (isLeftOut) return notCompared(what, value ?? 'unused', 'some were left out');
    const restored = found.get(JSON.stringify([schema, name]));
    const behind =
      value !== null &&
      (restored === undefined ||
        restored.value === null ||
        (restored.up ? BigInt(restored.value) < BigInt(value) : BigInt(restored.value) > BigInt(value)));
    return {
      what,
      expected: value ?? 'unused',
      found: restored ? (restored.value ?? 'unused') : 'not there',
      outcome: restored !== undefined && !behind ? 'same' : 'different',
      reason: undefined,
    };
  });
}

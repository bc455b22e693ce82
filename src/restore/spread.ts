import type pg from 'pg';
import type { TableCount } from '../postgres/census.ts';
import { compare, type Comparison, notCompared } from './comparison.ts';

/** A table that spreads its rows by a hash, as far as it was compared. */
interface Spread {
  readonly schema: string;
  readonly name: string;
  /** Its partitions that hold rows. */
  readonly parts: readonly { readonly schema: string; readonly name: string }[];
}

/**
 * Tables that were compared one by one, with those put together whose rows lie elsewhere by right: the hash of an enum's
 * value goes by a number that is another one in each database, so pg_dump loads such rows through the partitioned table.
 * There only the sum over all partitions says something; it takes the place of what is different in one.
 * @param tables as the manifest has them; in the same order, `compared`.
 */
export async function gatherSpread(
  client: pg.Client,
  tables: readonly TableCount[],
  compared: readonly Comparison[],
): Promise<Comparison[]> {
  if (!compared.some(({ outcome }) => outcome === 'different')) return [...compared];
  let gathered = [...compared];
  for (const { schema, name, parts } of await listSpread(client)) {
    const indexes = parts.map((part) =>
      tables.findIndex((table) => table.schema === part.schema && table.name === part.name),
    );
    const all = indexes.flatMap((index) => compared[index] ?? []);
    const isOdd = (one: Comparison | undefined): boolean => one?.outcome === 'different' && /^\d+$/.test(one.found);
    if (!all.some(isOdd)) continue;
    // One that is not there at all, or was not counted: what is different stays so.
    const counted = all.length === parts.length && all.every((one) => one.outcome === 'same' || isOdd(one));
    if (!counted) continue;
    const sum = (numbers: readonly string[]): string =>
      String(numbers.reduce((total, text) => total + Number(text), 0));
    const whole = compare(
      `table ${schema}.${name} with its partitions`,
      sum(all.map(({ expected }) => expected)),
      sum(all.map(({ found }) => found)),
    );
    if (whole.outcome === 'different') continue;
    gathered = gathered.map((one) =>
      all.includes(one) && isOdd(one)
        ? notCompared(one.what, one.expected, `the hash puts other rows into it here; see ${whole.what}`)
        : one,
    );
    gathered.push(whole);
  }
  return gathered;
}

/** The topmost tables that are partitioned by the hash of an enum, which decides where pg_dump loads the rows. */
async function listSpread(client: pg.Client): Promise<Spread[]> {
  const { rows } = await client.query<Spread>(`
    WITH hashed AS (
      SELECT p.partrelid AS oid FROM pg_catalog.pg_partitioned_table p
      WHERE p.partstrat = 'h' AND EXISTS (SELECT FROM pg_catalog.pg_opclass o
        WHERE o.oid = ANY (p.partclass) AND o.opcname = 'enum_ops')
    )
    SELECT n.nspname AS schema, c.relname AS name,
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('schema', pn.nspname, 'name', pc.relname))
       FROM pg_catalog.pg_partition_tree(h.oid) t JOIN pg_catalog.pg_class pc ON pc.oid = t.relid
       JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace WHERE t.isleaf AND pc.relkind = 'r') AS parts
    FROM hashed h JOIN pg_catalog.pg_class c ON c.oid = h.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(h.oid) a JOIN hashed o ON o.oid = a.relid
      WHERE a.relid <> h.oid)
      AND EXISTS (SELECT FROM pg_catalog.pg_partition_tree(h.oid) t WHERE t.isleaf AND t.relid <> h.oid)`);
  return rows.map(({ parts, ...table }) => ({ ...table, parts: (parts as Spread['parts'] | null) ?? [] }));
}

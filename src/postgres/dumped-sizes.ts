import type pg from 'pg';
import { toDatabaseFailure } from './query-failure.ts';
import type { Table } from './tables.ts';

/** What is smaller weighs little whatever it comes to. */
const leastPages = 1000;
/** Statistics may be old: what they say is believed within these bounds, as a multiple of what is on disk. */
const [leastTimes, mostTimes] = [1 / 4, 4];

/** About how many characters a value of a type is in a dump, with the tab behind it; others have the length they are stored in. */
const characters = `CASE a.atttypid
    WHEN 'pg_catalog.bool'::regtype THEN 2 WHEN 'pg_catalog.int2'::regtype THEN 4
    WHEN 'pg_catalog.int4'::regtype THEN 7 WHEN 'pg_catalog.int8'::regtype THEN 10
    WHEN 'pg_catalog.float4'::regtype THEN 9 WHEN 'pg_catalog.float8'::regtype THEN 18
    WHEN 'pg_catalog.date'::regtype THEN 11 WHEN 'pg_catalog.timestamp'::regtype THEN 27
    WHEN 'pg_catalog.timestamptz'::regtype THEN 30 WHEN 'pg_catalog.uuid'::regtype THEN 37
    WHEN 'pg_catalog.bytea'::regtype THEN 2 * s.avg_width + 2
    ELSE s.avg_width + 1 END`;

/**
 * About how many bytes the rows of large tables come to in a dump, by oid, from the server's statistics: a uuid has 16
 * bytes on disk and 36 in a dump. Without those of small tables, and of tables that were never analyzed. Takes the right to
 * read `pg_stats`.
 * @throws {Failure} `database`.
 */
export async function dumpedSizes(client: pg.Client, tables: readonly Table[]): Promise<Map<number, number>> {
  const { rows } = await client
    .query<{ oid: number; width: number }>(
      `
      SELECT c.oid, pg_catalog.sum((1 - s.null_frac) * (${characters}) + s.null_frac * 3)::float8 AS width
      FROM pg_catalog.pg_stats s
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
      WHERE c.relkind = 'r' AND c.relpages >= $1 AND NOT s.inherited
      GROUP BY c.oid`,
      [leastPages],
    )
    .catch((error: unknown) => {
      throw toDatabaseFailure('ask for the statistics of tables', error);
    });
  const widths = new Map(rows.map(({ oid, width }) => [oid, width]));
  return new Map(
    tables.flatMap(({ oid, estimate, bytes, wholeBytes }) => {
      const width = widths.get(oid);
      if (width === undefined || estimate <= 0) return [];
      // Of a value that is stored apart the statistics know the pointer to it.
      const size = estimate * width + (wholeBytes - bytes);
      return [[oid, Math.round(Math.min(mostTimes * wholeBytes, Math.max(leastTimes * wholeBytes, size)))]];
    }),
  );
}

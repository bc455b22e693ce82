import pg from 'pg';
import type { Manifest } from '../../src/catalog/manifest.ts';
import { countObjects } from '../../src/postgres/object-counts.ts';

/** What is compared of one table. */
export interface Fingerprint {
  readonly table: string;
  readonly rows: number;
  /** A hash of every value of every row, in an order that does not depend on where the rows lie. */
  readonly hash: string;
}

/** What is compared of a database. */
export interface Fingerprints {
  readonly tables: readonly Fingerprint[];
  /** Number of objects by kind: indexes, constraints, functions and so on. */
  readonly objects: Readonly<Record<string, number>>;
}

/** Reads all rows of the tables that a manifest names, and of all materialized views, and hashes them. */
export async function takeFingerprints(url: string, manifest: Manifest): Promise<Fingerprints> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const views = await client.query<{ schema: string; name: string }>(
      'SELECT schemaname AS schema, matviewname AS name FROM pg_matviews ORDER BY 1, 2',
    );
    const tables: Fingerprint[] = [];
    for (const { schema, name } of [...manifest.contents.tables, ...views.rows]) {
      const from = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
      const { rows } = await client.query<{ rows: string; hash: string | null }>(
        `SELECT count(*) AS rows, md5(string_agg(row, '' ORDER BY row)) AS hash
         FROM (SELECT md5(t::text) COLLATE "C" AS row FROM ONLY ${from} t) hashed`,
      );
      tables.push({ table: name, rows: Number(rows[0]?.rows), hash: rows[0]?.hash ?? '' });
    }
    return { tables, objects: await countObjects(client) };
  } finally {
    await client.end();
  }
}

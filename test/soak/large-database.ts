import type { TestPostgres } from '../support/postgres.ts';

/** The name of the large database, and of its table. */
export const largeDatabase = 'large';
/** The content of so many rows is made; that of the others is theirs, over and over. */
export const seedRows = 64;
/** Of one row in a dump: a million of words and 25,000 random bytes as hexadecimal. */
const rowBytes = 1_050_000;

/** What a large database holds. */
export interface Large {
  readonly rows: number;
  /** On disk. */
  readonly diskBytes: number;
}

/**
 * Makes a database whose dump has so many gigabytes although its files have a thirtieth of that: each row has text that
 * PostgreSQL compresses, and random bytes that nobody can.
 */
export async function makeLarge(postgres: TestPostgres, gigabytes: number): Promise<Large> {
  await postgres.createDatabase(largeDatabase);
  const rows = Math.ceil((gigabytes * 1e9) / rowBytes);
  await postgres.psql(
    `CREATE EXTENSION pgcrypto;
     CREATE TABLE pages (id int NOT NULL, words text NOT NULL, noise bytea NOT NULL);
     ALTER TABLE pages ALTER noise SET STORAGE EXTERNAL;
     INSERT INTO pages
     SELECT i, repeat(md5(i::text) || 'all work and no play makes a dull dump ', 1000000 / 71 + 1),
            (SELECT string_agg(gen_random_bytes(1000), '') FROM generate_series(1, 25) WHERE i > 0)
     FROM generate_series(1, ${Math.min(seedRows, rows)}) i`,
    largeDatabase,
  );
  // Copied as they are: what is compressed is not compressed again.
  for (let there = seedRows; there < rows; there *= 2) {
    const more = Math.min(there, rows - there);
    await postgres.psql(
      `INSERT INTO pages SELECT id + ${there}, words, noise FROM pages WHERE id <= ${more}`,
      largeDatabase,
    );
  }
  await postgres.psql('ALTER TABLE pages ADD PRIMARY KEY (id); VACUUM ANALYZE pages; CHECKPOINT', largeDatabase);
  return { rows, diskBytes: Number(await postgres.psql(`SELECT pg_database_size(current_database())`, largeDatabase)) };
}

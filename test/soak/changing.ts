import type { TestPostgres } from '../support/postgres.ts';

/** The name of the database that changes. */
export const changingDatabase = 'shop';

/** Makes anew a database of about 8 MB whose dump, uncompressed, is more than one part of an upload. */
export async function makeChanging(postgres: TestPostgres): Promise<void> {
  await postgres.psql(`DROP DATABASE IF EXISTS ${changingDatabase} WITH (FORCE)`);
  await postgres.createDatabase(changingDatabase);
  await postgres.psql(
    `CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, changed int NOT NULL DEFAULT 0);
     INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 500) i;
     CREATE TABLE orders (id serial PRIMARY KEY, customer int NOT NULL REFERENCES customers, cents int NOT NULL, run int NOT NULL);
     INSERT INTO orders (customer, cents, run) SELECT 1 + i % 500, i * 7, 0 FROM generate_series(1, 2000) i;
     CREATE TABLE notes (id int PRIMARY KEY, words text NOT NULL);
     INSERT INTO notes SELECT i, repeat(md5(i::text), 80) FROM generate_series(1, 2500) i;
     CREATE VIEW turnover AS SELECT customer, sum(cents) AS cents FROM orders GROUP BY customer;
     ANALYZE`,
    changingDatabase,
  );
}

/** Changes it: rows come, go and change, and now and then a table does; its size stays about the same. */
export async function change(postgres: TestPostgres, run: number): Promise<void> {
  const table =
    run % 25 === 0 ? `DROP TABLE IF EXISTS season; CREATE TABLE season AS SELECT ${run} AS run, now() AS begun;` : '';
  await postgres.psql(
    `INSERT INTO orders (customer, cents, run) SELECT 1 + (i * ${run}) % 500, i, ${run} FROM generate_series(1, 20) i;
     DELETE FROM orders WHERE id IN (SELECT id FROM orders ORDER BY id LIMIT 20);
     UPDATE customers SET changed = ${run} WHERE id % 50 = ${run} % 50;
     UPDATE notes SET words = repeat(md5('${run}/' || id), 80) WHERE id % 100 = ${run} % 100;
     ${table}`,
    changingDatabase,
  );
}

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { useStored } from './stored.ts';

const stored = useStored(
  async (postgres) => {
    await postgres.psql("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    await postgres.psql(
      'CREATE TABLE t AS SELECT chr(228) AS umlaut; CREATE SCHEMA sales; CREATE TABLE sales.o AS SELECT 1 i;',
      'latin',
    );
    await postgres.createDatabase('parts');
    await postgres.psql(
      `CREATE EXTENSION hstore; CREATE SCHEMA "only code"; CREATE SCHEMA sales;
       CREATE FUNCTION "only code".one() RETURNS int LANGUAGE sql AS 'SELECT 1';
       CREATE TABLE sales.orders AS SELECT i, hstore('a', i::text) h FROM generate_series(1, 10) i;
       CREATE TABLE public.besides AS SELECT 1 i`,
      'parts',
    );
  },
  [
    { database: 'latin' },
    { database: 'parts' },
    { database: 'parts', variables: { SCHEMAS: 'public,sales' } },
    { database: 'parts', variables: { TABLES: 'sales.orders' } },
  ],
);
/** The arguments that name one of the backups. */
function named(index: number): string[] {
  const { manifest } = stored.backups[index]!;
  return ['restore', manifest.id, '--database', manifest.database];
}

describe('--create', () => {
  test('makes the database with the encoding and the collation of the source', async () => {
    const run = await stored.run([...named(0), '--create'], {
      TARGET_DATABASE_URL: stored.postgres.url('latin_again'),
    });
    assert.equal(run.exitCode, 0, run.stderr);
    const made = `SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = 'latin_again'`;
    assert.equal(await stored.postgres.psql(made), 'LATIN1|C|C');
  });

  test('takes another collation where the server does not have the one of the source, and says so', async () => {
    const { folder, manifest } = stored.backups[0]!;
    const server = { ...manifest.server, collate: 'xx_XX.utf8', ctype: 'xx_XX.utf8' };
    writeFileSync(`${folder}/manifest.json`, JSON.stringify({ ...manifest, server }));
    const run = await stored.run([...named(0), '--create'], {
      TARGET_DATABASE_URL: stored.postgres.url('sorted'),
    });
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stderr, /the server does not have the collation xx_XX\.utf8: sorted sorts text in another order/);
  });

  test('a database that is there is not touched, and not dropped', async () => {
    const target = await stored.target();
    const run = await stored.run([...named(1), '--create'], target.variables);
    assert.equal(run.exitCode, 73, run.stderr);
    assert.match(run.stderr, /cannot be created: database "target_\d+" already exists/);
    await stored.held(target.name);
  });
});

describe('a part', () => {
  for (const [what, backup, args, query, found] of [
    ['a schema without tables', 1, ['--schema', 'only code'], 'SELECT "only code".one()', '1'],
    ['the backup of schemas', 2, [], 'SELECT count(h) FROM sales.orders', '10'],
    ['the backup of a table', 3, [], 'SELECT count(h) FROM sales.orders', '10'],
    ['the schema of everything', 1, ['--schema-only'], 'SELECT count(*) FROM sales.orders', '0'],
  ] as const) {
    test(`${what} comes back into an empty database`, async () => {
      const target = await stored.target();
      const run = await stored.run([...named(backup), ...args], target.variables);
      assert.equal(run.exitCode, 0, run.stderr);
      assert.equal(await stored.postgres.psql(query, target.name), found);
    });
  }

  test('a table comes back with its schema, where what it uses is there', async () => {
    const target = await stored.target();
    await stored.postgres.psql('CREATE EXTENSION hstore', target.name);
    const run = await stored.run([...named(1), '--table', 'orders'], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(await stored.postgres.psql('SELECT count(*) FROM sales.orders', target.name), '10');
  });

  test('what was made for it is removed again when it fails', async () => {
    const target = await stored.target();
    const run = await stored.run([...named(1), '--table', 'orders'], target.variables);
    assert.equal(run.exitCode, 65, run.stderr);
    assert.match(run.stderr, /type "public.hstore" does not exist[^]*HINT: A part of a dump lacks what it uses/);
    assert.equal(
      await stored.postgres.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'sales'", target.name),
      '0',
    );
  });

  test('a schema that the dump does not have is refused', async () => {
    const target = await stored.target();
    const run = await stored.run([...named(1), '--schema', 'nowhere'], target.variables);
    assert.equal(run.exitCode, 64, run.stderr);
    assert.match(run.stderr, /holds no schema nowhere[^]*It holds only code, public, sales/);
  });
});

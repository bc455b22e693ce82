import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { dumpedSizes } from '../../src/postgres/dumped-sizes.ts';
import { listTables } from '../../src/postgres/tables.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

describe('the size of tables in a dump', () => {
  let server: TestPostgres;
  let client: pg.Client;
  let sizes: Map<string, number | undefined>;

  before(async () => {
    server = await startPostgres();
    await server.psql(`
      CREATE TABLE uuids AS SELECT gen_random_uuid() AS a, gen_random_uuid() AS b FROM generate_series(1, 300000);
      CREATE TABLE hashes AS SELECT i AS id, sha256(i::text::bytea) AS digest FROM generate_series(1, 300000) i;
      CREATE TABLE "Readings, 1" AS SELECT i AS id, now() + i * interval '1 s' AS at, random() AS value,
        CASE WHEN i % 2 = 0 THEN i END AS half, true AS good FROM generate_series(1, 300000) i;
      CREATE TABLE apart (id int, words text);
      ALTER TABLE apart ALTER words SET STORAGE EXTERNAL;
      INSERT INTO apart SELECT i, repeat(md5(i::text), 200) FROM generate_series(1, 6000) i;
      CREATE TABLE unknown AS SELECT * FROM uuids;
      ALTER TABLE unknown SET (autovacuum_enabled = off);
      CREATE TABLE small AS SELECT gen_random_uuid() AS a FROM generate_series(1, 100);
      CREATE TABLE emptied AS SELECT * FROM uuids;
      ANALYZE uuids, hashes, "Readings, 1", apart, small, emptied;
      DELETE FROM emptied;`);
    client = new pg.Client(server.url());
    await client.connect();
    const tables = await listTables(client);
    const found = await dumpedSizes(client, tables);
    sizes = new Map(tables.map(({ name, oid }) => [name, found.get(oid)]));
  });

  after(async () => {
    await client.end();
    await server[Symbol.asyncDispose]();
  });

  for (const name of ['uuids', 'hashes', 'Readings, 1']) {
    test(`is about right for ${name}`, async () => {
      const rows = await server.psql(`COPY "${name}" TO STDOUT`);
      const times = (sizes.get(name) ?? 0) / rows.length;
      assert.ok(times > 0.9 && times < 1.15, `${String(times)} of ${String(rows.length)}`);
    });
  }

  test('is not known where nothing was ever analyzed, or little is in the table itself', () => {
    assert.ok(sizes.has('unknown') && sizes.has('small') && sizes.has('apart'));
    assert.deepEqual([sizes.get('unknown'), sizes.get('small'), sizes.get('apart')], [undefined, undefined, undefined]);
  });

  test('counts what is stored apart', async () => {
    await server.psql(`
      CREATE TABLE documents (id int, words text, more text);
      ALTER TABLE documents ALTER words SET STORAGE EXTERNAL;
      INSERT INTO documents SELECT i, repeat(md5(i::text), 100), repeat('more ', 100) FROM generate_series(1, 20000) i;
      ANALYZE documents;`);
    const tables = (await listTables(client)).filter(({ name }) => name === 'documents');
    const [size = 0] = (await dumpedSizes(client, tables)).values();
    const rows = await server.psql('COPY documents TO STDOUT');
    const times = size / rows.length;
    assert.ok(times > 0.9 && times < 1.4, `${String(times)} of ${String(rows.length)}`);
  });

  test('is held near to what is on disk, whatever old statistics say', async () => {
    const [disk] = (await server.psql(`SELECT pg_table_size('emptied')`)).split('\n').map(Number);
    assert.ok(disk !== undefined && (sizes.get('emptied') ?? 0) <= 4 * disk);
    await server.psql(`UPDATE pg_class SET reltuples = 1e12 WHERE relname = 'uuids'`);
    const tables = (await listTables(client)).filter(({ name }) => name === 'uuids');
    const [size] = (await dumpedSizes(client, tables)).values();
    assert.equal(size, 4 * (tables[0]?.wholeBytes ?? 0));
  });
});

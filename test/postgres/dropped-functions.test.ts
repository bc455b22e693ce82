import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { refuseDroppedFunctions } from '../../src/postgres/dropped-functions.ts';
import { startPostgres } from '../support/postgres.ts';

const server = await startPostgres();
after(() => server.stop('immediate'));
await server.createDatabase('shop');

async function connect(): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: server.url('shop') });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

test('functions that have gone since the snapshot are named, up to three', async () => {
  await using session = await connect();
  for (const name of ['a', 'b', 'c', 'd']) {
    await server.psql(`CREATE FUNCTION "of ${name}"() RETURNS int LANGUAGE sql AS 'SELECT 1'`, 'shop');
  }
  await server.psql(`CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int)`, 'shop');
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
  await refuseDroppedFunctions(session);
  await server.psql('DROP AGGREGATE total(int)', 'shop');
  await assert.rejects(refuseDroppedFunctions(session), {
    kind: 'dump',
    message: 'functions were dropped while their definitions were read: public.total',
  });
  for (const name of ['a', 'b', 'c', 'd']) await server.psql(`DROP FUNCTION "of ${name}"()`, 'shop');
  await assert.rejects(refuseDroppedFunctions(session), {
    message: /: public\."of a", public\."of b", public\."of c", …$/,
  });
});

test('functions of sessions and of extensions may go, and others may come or change', async () => {
  await using other = await connect();
  await using session = await connect();
  await server.psql(`CREATE EXTENSION pg_trgm; CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'`, 'shop');
  await other.query(`CREATE FUNCTION pg_temp.of_session() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
  await other.query('DROP FUNCTION pg_temp.of_session()');
  await server.psql(
    `DROP EXTENSION pg_trgm; CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2';
     CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2'`,
    'shop',
  );
  await refuseDroppedFunctions(session);
});

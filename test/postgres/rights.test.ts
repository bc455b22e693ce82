import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { connect } from '../../src/postgres/connect.ts';
import { lockTables } from '../../src/postgres/lock-tables.ts';
import { missingRights, type MissingRights } from '../../src/postgres/rights.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { never } from '../support/shell-stage.ts';
import { dumped, dumpFailure } from './dumped.ts';
import { connectionTo, sourceOf } from './settings.ts';

let server: TestPostgres;
let number = 0;
let database = '';
before(async () => {
  server = await startPostgres();
  await server.psql('create role keeper login');
});
after(() => server.stop('immediate'));

/** Everything in it can be read by the role `keeper`: the tests take something away. */
beforeEach(async () => {
  database = `rights_${String(++number)}`;
  await server.createDatabase(database);
  await server.psql(
    `create schema app; create table app.orders (id serial primary key, who text); create table public."odd ""one" (n int);
     create table app.parts (n int) partition by list (n); create table app.part partition of app.parts default;
     grant usage on schema app to keeper; grant select on all tables in schema app, public to keeper;
     grant select on all sequences in schema app to keeper`,
    database,
  );
});

async function missing(): Promise<MissingRights> {
  const client = await connect(connectionTo(server, { database, user: 'keeper' }), never);
  try {
    return await missingRights(client);
  } finally {
    await client.end();
  }
}

const source = (): ReturnType<typeof sourceOf> => sourceOf(connectionTo(server, { database, user: 'keeper' }));

test('nothing is missing where everything can be read, and pg_dump agrees', async () => {
  assert.deepEqual(await missing(), { unreadable: [], filtered: [] });
  await dumped(source());
});

describe('what is missing is named, and pg_dump agrees', () => {
  const cases: [what: string, sql: string, expected: Partial<MissingRights>][] = [
    ['SELECT on a table', 'revoke select on app.orders from keeper', { unreadable: ['app.orders'] }],
    ['SELECT on a partition', 'revoke select on app.part from keeper', { unreadable: ['app.part'] }],
    ['SELECT on a partitioned table', 'revoke select on app.parts from keeper', { unreadable: ['app.parts'] }],
    [
      'SELECT on a table with an odd name',
      'revoke select on "odd ""one" from keeper',
      { unreadable: ['public."odd ""one"'] },
    ],
    [
      'SELECT on a sequence',
      'revoke select on sequence app.orders_id_seq from keeper',
      { unreadable: ['app.orders_id_seq'] },
    ],
    [
      'USAGE on a schema',
      'revoke usage on schema app from keeper',
      { unreadable: ['app.orders', 'app.orders_id_seq', 'app.part', 'app.parts'] },
    ],
    ['sight of all rows', 'alter table app.orders enable row level security', { filtered: ['app.orders'] }],
  ];
  for (const [what, sql, expected] of cases) {
    test(what, async () => {
      await server.psql(sql, database);
      assert.deepEqual(await missing(), { unreadable: [], filtered: [], ...expected });
      assert.equal((await dumpFailure(source())).kind, 'dump');
    });
  }
});

test('row-level security is no obstacle to a role that bypasses it', async (t) => {
  await server.psql('alter table app.orders enable row level security', database);
  await server.psql('alter role keeper bypassrls');
  t.after(() => server.psql('alter role keeper nobypassrls'));
  assert.deepEqual(await missing(), { unreadable: [], filtered: [] });
  await dumped(source());
});

test('pg_read_all_data is enough, as the hint says', async (t) => {
  await server.psql('revoke select on app.orders from keeper; revoke usage on schema app from keeper', database);
  await server.psql('grant pg_read_all_data to keeper');
  t.after(() => server.psql('revoke pg_read_all_data from keeper'));
  assert.deepEqual(await missing(), { unreadable: [], filtered: [] });
  await dumped(source());
});

test('temporary tables of others are no obstacle', async (t) => {
  const other = await connect(connectionTo(server, { database }), never);
  t.after(() => other.end());
  await other.query('create temporary table passing (n int)');
  assert.deepEqual(await missing(), { unreadable: [], filtered: [] });
});

test('a table that may not be locked is told with the right that is missing', async () => {
  await server.psql('revoke select on app.orders from keeper', database);
  const client = await connect(connectionTo(server, { user: 'keeper', database }), never);
  try {
    await client.query('BEGIN');
    await assert.rejects(lockTables(client, 1000), {
      kind: 'dump',
      message: 'could not lock the tables: permission denied for table orders',
      hint: 'GRANT pg_read_all_data TO "keeper"; (PostgreSQL 14 and later)',
    });
  } finally {
    await client.end();
  }
});

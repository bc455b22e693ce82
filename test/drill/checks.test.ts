import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { Check } from '../../src/drill/check.ts';
import { runAmcheck } from '../../src/drill/amcheck.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
  await postgres.psql('CREATE ROLE restorer LOGIN');
});
after(() => postgres.stop('immediate'));

let made = 0;
/** A database of the role that restores, filled by the superuser and by that role. */
async function database(asSuperuser: string, asRestorer: string): Promise<string> {
  const name = `restored_${String((made += 1))}`;
  await postgres.psql(`CREATE DATABASE ${name} OWNER restorer`);
  await postgres.psql(`${asSuperuser}; SET SESSION AUTHORIZATION restorer; ${asRestorer}`, name);
  return name;
}

async function withClient<T>(name: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: postgres.url(name) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const shop = `CREATE SCHEMA sales;
  CREATE TABLE sales.orders (id int PRIMARY KEY, words text);
  INSERT INTO sales.orders SELECT i, i::text FROM generate_series(1, 1000) i;
  CREATE INDEX words ON sales.orders (words)`;

const outcomes = (checks: readonly Check[]): string[] => checks.map(({ name, outcome }) => `${name}: ${outcome}`);

test('amcheck finds sound indexes and tables sound', async () => {
  const name = await database('SELECT', shop);
  const checks = await withClient(name, runAmcheck);
  assert.deepEqual(outcomes(checks), ['amcheck of B-tree indexes: passed', 'amcheck of tables: passed']);
  assert.match(checks[0]!.detail, /^2 are sound$/);
});

test('an index whose order is broken is named, and what it calls runs as the owner of its table', async () => {
  const name = await database(
    `CREATE FUNCTION public.by_number(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($1, $2)';
     CREATE OPERATOR CLASS public.numbers FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
       OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 public.by_number(int, int);
     CREATE TABLE public.seen AS SELECT 'nobody'::name AS who WHERE false; GRANT ALL ON public.seen TO PUBLIC`,
    `${shop}; CREATE INDEX by_number ON sales.orders (id public.numbers)`,
  );
  // Since the index was made its order was turned round.
  await postgres.psql(
    `CREATE OR REPLACE FUNCTION public.by_number(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
       'BEGIN RAISE LOG ''compared as %'', current_user; RETURN btint4cmp($2, $1); END'`,
    name,
  );
  const [indexes] = await withClient(name, runAmcheck);
  assert.equal(indexes?.outcome, 'failed');
  assert.match(indexes.detail, /^damaged: sales\.by_number \(.*order invariant/);
  assert.match(postgres.log(), /compared as restorer/);
  assert.doesNotMatch(postgres.log(), /compared as postgres/);
});

test('nothing that the dump brought along runs as the superuser', async () => {
  const name = await database(
    `CREATE FUNCTION public.caught() RETURNS event_trigger LANGUAGE plpgsql AS
       'BEGIN RAISE LOG ''event trigger as %'', current_user; END';
     CREATE EVENT TRIGGER "It's ""ours""" ON ddl_command_end EXECUTE FUNCTION public.caught();
     ALTER EVENT TRIGGER "It's ""ours""" ENABLE ALWAYS`,
    shop,
  );
  const seen = (): number => postgres.log().split('event trigger as postgres').length;
  const before_ = seen();
  assert.deepEqual(outcomes(await withClient(name, runAmcheck)), [
    'amcheck of B-tree indexes: passed',
    'amcheck of tables: passed',
  ]);
  assert.equal(seen(), before_);
  assert.equal(await postgres.psql(`SELECT evtenabled FROM pg_event_trigger`, name), 'D');
});

test('tables of a superuser are not looked into', async () => {
  const name = await database('CREATE TABLE public.mine (id int PRIMARY KEY)', shop);
  const [indexes] = await withClient(name, runAmcheck);
  assert.equal(indexes?.detail, '2 are sound');
});

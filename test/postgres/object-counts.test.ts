import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../../src/postgres/connect.ts';
import { countObjects } from '../../src/postgres/object-counts.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { restore } from '../support/restore.ts';
import { never } from '../support/shell-stage.ts';
import { dumped } from './dumped.ts';
import { connectionTo, sourceOf } from './settings.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop('immediate'));

async function counts(database: string): Promise<Record<string, number>> {
  const client = await connect(connectionTo(server, { database }), never);
  try {
    return await countObjects(client);
  } finally {
    await client.end();
  }
}

/** Dumps a database and restores it into a new one, whose counts it returns. */
async function countsOfCopy(database: string): Promise<Record<string, number>> {
  const { output, contents } = await dumped(sourceOf(connectionTo(server, { database })));
  assert.deepEqual(contents.objects, await counts(database));
  await server.createDatabase(`${database}_copy`);
  await restore(server, output, `${database}_copy`);
  return counts(`${database}_copy`);
}

/** Something of every kind that is counted, with some members of extensions between. */
const rich = `
  create extension hstore; create extension citext; create extension pg_trgm; create extension postgres_fdw;
  create schema app; create schema "odd ""schema""";
  create type app.mood as enum ('sad', 'ok'); create type app.pair as (a int, b text);
  create domain app.positive as int check (value > 0) constraint not_seven check (value <> 7);
  create type app.span as range (subtype = float8);
  create table app.people (id int generated always as identity primary key, name citext not null unique,
    tags hstore, age app.positive, parent int references app.people, twice int generated always as (id * 2) stored);
  create index on app.people using gin (tags); create index on app.people (lower(name::text)) where age > 3;
  create table app.log (at date not null, what text) partition by range (at);
  create table app.log_2026 partition of app.log for values from ('2026-01-01') to ('2027-01-01');
  create table app.log_rest partition of app.log default; create index on app.log (what);
  create table app.excluded (during int4range, exclude using gist (during with &&));
  create view app.adults as select * from app.people where age > 17;
  create materialized view app.numbers as select generate_series(1, 3) n; create index on app.numbers (n);
  create sequence app.counter;
  create function app.add(int, int) returns int language sql as 'select $1 + $2';
  create procedure app.nothing() language plpgsql as 'begin end';
  create aggregate app.total(int) (sfunc = int4pl, stype = int, initcond = '0');
  create function app.noted() returns trigger language plpgsql as 'begin return new; end';
  create trigger noted before insert on app.people for each row execute function app.noted();
  create constraint trigger late after insert on app.people deferrable initially deferred
    for each row execute function app.noted();
  create rule silent as on delete to app.log_rest do instead nothing;
  create operator app.@+@ (leftarg = int, rightarg = int, function = app.add);
  create function app.mixed(int, bigint) returns bool language sql as 'select true';
  create operator app.@-@ (leftarg = int, rightarg = bigint, function = app.mixed, commutator = operator(app.@-@));
  create collation app.german (provider = icu, locale = 'de');
  alter table app.people enable row level security; create policy mine on app.people using (name = current_user);
  create statistics app.together (dependencies) on id, age from app.people;
  create function app.ddl() returns event_trigger language plpgsql as 'begin end';
  create event trigger on_ddl on ddl_command_end execute function app.ddl();
  create publication everything for all tables; create publication partial for table app.people;
  create server far foreign data wrapper postgres_fdw options (host 'x');
  create foreign table app.elsewhere (n int) server far;
  create user mapping for current_user server far options (user 'x');
  create function app.to_mood(int) returns app.mood language sql as $$ select 'ok'::app.mood $$;
  create cast (int as app.mood) with function app.to_mood(int);
  create operator class app.by_size for type int using btree as operator 1 <, operator 3 =, function 1 btint4cmp(int4, int4);
  create function app.handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
  create trusted language own_plpgsql handler app.handler;
  alter default privileges in schema app grant select on tables to public;
  alter table app.people add constraint grown check (age > 0) not valid;
  create text search configuration app.plain (copy = pg_catalog.simple);
  select lo_from_bytea(0, 'one'), lo_from_bytea(0, 'two');
  insert into app.people (name) values ('a'); create table "odd ""schema"""."odd ""table" (n int)`;

test('a rich database and its restored copy have the same counts, and there is something of every kind', async () => {
  await server.createDatabase('rich');
  await server.psql(rich, 'rich');
  const found = await counts('rich');
  const none = Object.keys(found).filter((kind) => found[kind] === 0);
  assert.deepEqual(none, [], 'kinds that this test does not try');
  assert.deepEqual(await countsOfCopy('rich'), found);
});

test('what is missing shows in the count of its kind', async () => {
  await server.createDatabase('less');
  await server.psql(rich, 'less');
  const before = await counts('less');
  const cases: [sql: string, kinds: string[]][] = [
    ['drop trigger noted on app.people', ['triggers']],
    ['drop policy mine on app.people', ['policies']],
    ['drop index app.numbers_n_idx', ['indexes']],
    ['drop publication partial', ['publications']],
    ['drop event trigger on_ddl', ['eventTriggers']],
    ['alter domain app.positive drop constraint not_seven', ['constraints']],
    ['select lo_unlink(min(oid)) from pg_largeobject_metadata', ['largeObjects']],
    ['drop sequence app.counter', ['sequences']],
    ['drop extension pg_trgm', ['extensions']],
    ['drop view app.adults', ['views']],
    ['drop cast (int as app.mood)', ['casts']],
    ['drop operator class app.by_size using btree', ['operatorClasses']],
    ['drop operator family app.by_size using btree', ['operatorFamilies']],
    ['drop language own_plpgsql', ['languages']],
    ['drop user mapping for current_user server far', ['userMappings']],
    ['alter default privileges in schema app revoke select on tables from public', ['defaultPrivileges']],
    ['alter table app.people validate constraint grown', ['notValidatedConstraints']],
  ];
  let expected = before;
  for (const [sql, kinds] of cases) {
    await server.psql(sql, 'less');
    expected = Object.fromEntries(
      Object.entries(expected).map(([kind, n]) => [kind, kinds.includes(kind) ? n - 1 : n]),
    );
    assert.deepEqual(await counts('less'), expected, sql);
  }
});

test('a database without the schema public, and one that is empty, have the same counts as their copies', async () => {
  for (const [name, sql] of [
    ['empty', 'select 1'],
    ['bare', 'drop schema public'],
  ] as const) {
    await server.createDatabase(name);
    await server.psql(sql, name);
    assert.deepEqual(await countsOfCopy(name), await counts(name), name);
  }
});

test('an index that is not valid does not count: pg_dump leaves it out', async () => {
  await server.createDatabase('halfway');
  await server.psql(`create table t as select 1 i from generate_series(1, 2); create index good on t (i)`, 'halfway');
  const before = await counts('halfway');
  await assert.rejects(server.psql('create unique index concurrently broken on t (i)', 'halfway'), /could not create/);
  assert.deepEqual(await counts('halfway'), before);
  assert.deepEqual(await countsOfCopy('halfway'), before);
});

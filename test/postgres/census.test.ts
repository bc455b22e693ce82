import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SourceConfig } from '../../src/config/config.ts';
import { restore } from '../support/restore.ts';
import { counted, useCensus } from './census-scene.ts';
import { dumped } from './dumped.ts';
import { connectionTo, sourceOf } from './settings.ts';

const scene = useCensus();

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

describe('every table is counted, whatever its name', () => {
  const names = [
    'plain',
    'UPPER',
    'with space ',
    "it's",
    'say "x"',
    '"',
    'größe 日本 🐘',
    'new\nline',
    '\n',
    'quote"\nnewline',
    'carriage\rreturn',
    'separator\u2028\u2029',
    'dot.in.name',
    'semi;colon--$(x)`y`',
    'back\\slash',
    '%s %n',
    'x'.repeat(63),
    'pg_dump: dumping contents of table "public.plain',
  ];

  test('its rows are in the contents, exactly', async () => {
    const create = names.map((name, index) => {
      const table = quoted(name);
      return `create table ${table} as select generate_series(1, ${String(index + 1)}) as n`;
    });
    const source = await scene.database(create.join(';\n'));
    const { contents } = await dumped(source);
    const expected = names.map((name, index) => ({ schema: 'public', name, rows: index + 1, exact: true }));
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    assert.deepEqual(contents.tables, expected.toSorted(byName));
    assert.equal(contents.filtered, false);
  });

  test('also in schemas with odd names, and where schema and table could be told apart in two ways', async () => {
    const source = await scene.database(`
      create schema "a.b"; create schema a; create schema "new\nline";
      create table "a.b".c as select generate_series(1, 2) n;
      create table a."b.c" as select generate_series(1, 3) n;
      create table "new\nline"."x\ny" as select generate_series(1, 4) n`);
    const { contents } = await dumped(source);
    assert.deepEqual(
      contents.tables.map(({ schema, name, rows }) => [schema, name, rows]),
      [
        ['a', 'b.c', 3],
        ['a.b', 'c', 2],
        ['new\nline', 'x\ny', 4],
      ],
    );
  });
});

test('rows of the snapshot are counted, not those that come or go afterwards, and the dump holds the same', async () => {
  const source = await scene.database('create table t as select generate_series(1, 1000) n; create table u (n int)');
  const { database: name } = source.connection;
  const { contents, output } = await dumped(source, {
    snapshotTaken: () =>
      scene.server.psql(
        'insert into t select 1 from generate_series(1, 500); delete from t where n <= 10; insert into u values (1); create table later as select 1 n',
        name,
      ),
  });
  assert.deepEqual(
    contents.tables.map(({ name: table, rows, exact }) => [table, rows, exact]),
    [
      ['t', 1000, true],
      ['u', 0, true],
    ],
  );
  await scene.server.createDatabase(`${name}_copy`);
  await restore(scene.server, output, `${name}_copy`);
  assert.equal(await scene.server.psql('select count(*), min(n), max(n) from t', `${name}_copy`), '1000|1|1000');
});

test('names are recognised in a database of another encoding', async () => {
  await scene.server.psql(`create database latin1 template template0 encoding 'LATIN1' locale 'C'`);
  await scene.server.psql(`create table "tablé" as select generate_series(1, 3) n; create table "ñ" ()`, 'latin1');
  const { contents } = await dumped(sourceOf(connectionTo(scene.server, { database: 'latin1' })));
  assert.deepEqual(
    contents.tables.map(({ name, rows, exact }) => [name, rows, exact]),
    [
      ['tablé', 3, true],
      ['ñ', 0, true],
    ],
  );
});

test('a table that is truncated before it is counted is estimated: TRUNCATE shows through the snapshot', async () => {
  const source = await scene.database('create table t as select generate_series(1, 5) n; analyze');
  const truncate = (): Promise<string> => scene.server.psql('truncate t', source.connection.database);
  const { tables } = await counted(source, ['public.t'], truncate);
  assert.deepEqual(tables, [{ schema: 'public', name: 't', rows: 5, exact: false }]);
});

test('a table that is dropped before it is counted is estimated, and the dump is not lost for it', async () => {
  const sql = 'create table t as select generate_series(1, 5) n; create table u (); analyze';
  const source = await scene.database(sql);
  // pg_dump has ended, and its locks with it
  const drop = (): Promise<string> => scene.server.psql('drop table t', source.connection.database);
  const { tables } = await counted(source, ['public.t', 'public.u'], drop);
  assert.deepEqual(tables, [
    { schema: 'public', name: 't', rows: 5, exact: false },
    { schema: 'public', name: 'u', rows: 0, exact: true },
  ]);
});

describe('what counts as a table with contents', () => {
  test('partitions each, with their own rows; the partitioned table itself not', async () => {
    const source = await scene.database(`
      create table p (n int) partition by range (n);
      create table p_low partition of p for values from (0) to (10);
      create table p_high partition of p for values from (10) to (100) partition by list (n);
      create table p_rest partition of p_high default;
      insert into p select generate_series(0, 99)`);
    const { contents } = await dumped(source);
    assert.deepEqual(
      contents.tables.map(({ name, rows }) => [name, rows]),
      [
        ['p_low', 10],
        ['p_rest', 90],
      ],
    );
  });

  test('parents and heirs each, with their own rows only', async () => {
    const source = await scene.database(`create table parent (n int); create table child () inherits (parent);
      insert into parent values (1), (2); insert into child values (3)`);
    const { contents } = await dumped(source);
    assert.deepEqual(
      contents.tables.map(({ name, rows }) => [name, rows]),
      [
        ['child', 1],
        ['parent', 2],
      ],
    );
  });

  test('unlogged tables and tables without columns, but no view, matview, sequence or foreign table', async () => {
    const source = await scene.database(`
      create unlogged table unlogged as select 1 n; create table columnless (); insert into columnless default values;
      create view v as select 1 n; create materialized view m as select 1 n; create sequence s;
      create extension postgres_fdw; create server far foreign data wrapper postgres_fdw;
      create foreign table f (n int) server far`);
    const { contents } = await dumped(source);
    assert.deepEqual(
      contents.tables.map(({ name, rows }) => [name, rows]),
      [
        ['columnless', 1],
        ['unlogged', 1],
      ],
    );
  });

  test('no table of an extension, not even one whose rows are configuration that is dumped', async () => {
    const source =
      await scene.database(`create extension hstore; create table member (n int); insert into member values (1);
      alter extension hstore add table member; create table own as select hstore('a', '1') h`);
    const { contents } = await dumped(source);
    assert.deepEqual(
      contents.tables.map(({ name }) => name),
      ['own'],
    );
    assert.deepEqual(
      contents.extensions.map(({ name, schema }) => [name, schema]),
      [
        ['hstore', 'public'],
        ['plpgsql', 'pg_catalog'],
      ],
    );
  });

  test('what is left out of the dump is not claimed, and a dump with filters claims no object counts', async () => {
    const sql =
      'create schema x; create table a as select 1 n; create table b as select 1 n; create table x.c as select 1 n';
    const cases: [changes: Partial<SourceConfig>, tables: string[], filtered: boolean][] = [
      [{}, ['a', 'b', 'c'], false],
      [{ excludeTableData: ['public.b'] }, ['a', 'c'], false],
      [{ excludeTables: ['public.b'] }, ['a', 'c'], true],
      [{ tables: ['public.b'] }, ['b'], true],
      [{ schemas: ['x'] }, ['c'], true],
      [{ excludeSchemas: ['x'] }, ['a', 'b'], true],
      [{ dumpArgs: ['--schema-only'] }, [], true],
    ];
    const source = await scene.database(sql);
    for (const [changes, tables, filtered] of cases) {
      const { contents } = await dumped({ ...source, ...changes });
      assert.deepEqual(
        contents.tables.map(({ name }) => name),
        tables,
        JSON.stringify(changes),
      );
      assert.equal(contents.filtered, filtered, JSON.stringify(changes));
      assert.equal(contents.objects === null, filtered);
    }
  });
});

test('sequences are noted with their values, as text, and null where they were never used', async () => {
  const source =
    await scene.database(`create sequence used; select nextval('used'), nextval('used'); create sequence unused;
    create sequence huge; select setval('huge', 9223372036854775807); create sequence "odd ""name"""`);
  const { contents } = await dumped(source);
  assert.deepEqual(contents.sequences, [
    { schema: 'public', name: 'huge', value: '9223372036854775807' },
    { schema: 'public', name: 'odd "name"', value: null },
    { schema: 'public', name: 'unused', value: null },
    { schema: 'public', name: 'used', value: '2' },
  ]);
});

test('a database without tables has contents too', async () => {
  const { contents, output } = await dumped(await scene.database('select 1'));
  assert.deepEqual(contents.tables, []);
  assert.ok(output.length > 0);
});

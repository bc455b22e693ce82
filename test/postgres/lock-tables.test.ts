import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lockTables, refuseMoved } from '../../src/postgres/lock-tables.ts';
import { Session } from '../../src/postgres/session.ts';
import { keptLog } from '../store/scripted.ts';
import { never } from '../support/shell-stage.ts';
import { useCensus } from './census-scene.ts';

const scene = useCensus();

const tables = `
  CREATE SCHEMA s; CREATE SCHEMA other;
  CREATE TABLE s.t (x int); CREATE TABLE s.u (x int); CREATE TABLE other.t (x int);
  CREATE TABLE s."odd ""name"".*$" (x int);
  CREATE TABLE s.p (x int) PARTITION BY LIST (x); CREATE TABLE s.p1 PARTITION OF s.p FOR VALUES IN (1);`;

/** Takes a snapshot, lets `meanwhile` happen, locks, and hands on whether that went well. */
async function locking(
  meanwhile: string,
  then: (locked: boolean, session: Session, other: (sql: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const source = await scene.database(tables);
  const { database } = source.connection;
  const other = (sql: string): Promise<string> => scene.server.psql(sql, database);
  const session = await Session.open(source.connection, keptLog().log, never, () => undefined);
  try {
    await session.exportSnapshot();
    await session.client.query(`SET LOCAL lock_timeout = '200ms'`);
    await session.client.query('SELECT count(*) FROM pg_catalog.pg_class');
    if (meanwhile !== '') await other(meanwhile);
    await then(await lockTables(session.client, 200), session, other);
  } finally {
    await session.close();
  }
}

describe('what happens between the snapshot and the locks makes the snapshot useless', () => {
  for (const [what, sql] of [
    ['a table is dropped', 'DROP TABLE s.t'],
    ['a table is renamed', 'ALTER TABLE s.t RENAME TO v'],
    ['a table is replaced by one of its name', 'ALTER TABLE s.t RENAME TO old; CREATE TABLE s.t (x int)'],
    ['a table is replaced by a view', 'DROP TABLE s.t; CREATE VIEW s.t AS SELECT 1 AS x'],
    ['a table with an odd name is dropped', 'DROP TABLE s."odd ""name"".*$"'],
    ['a table is moved', 'ALTER TABLE s.u SET SCHEMA other'],
    ['a partition is dropped', 'DROP TABLE s.p1'],
    ['a partitioned table is renamed', 'ALTER TABLE s.p RENAME TO q'],
    ['a schema is dropped', 'DROP SCHEMA s CASCADE'],
    ['two schemas swap their names', 'ALTER SCHEMA s RENAME TO x; ALTER SCHEMA other RENAME TO s'],
  ] as const) {
    test(what, () =>
      locking(sql, async (locked) => {
        await Promise.resolve();
        assert.equal(locked, false);
      }),
    );
  }
});

test('a table that is created after the snapshot is none of its business', () =>
  locking('CREATE TABLE s.later (x int)', async (locked) => {
    await Promise.resolve();
    assert.equal(locked, true);
  }));

describe('once they are locked', () => {
  for (const sql of [
    'DROP TABLE s.t',
    'ALTER TABLE s.u RENAME TO v',
    'ALTER TABLE s."odd ""name"".*$" ADD y int',
    'TRUNCATE other.t',
    'ALTER TABLE s.p RENAME TO q',
    'ALTER TABLE s.p DETACH PARTITION s.p1',
    'DROP SCHEMA s CASCADE',
  ]) {
    test(`nobody can do ${sql}`, () =>
      locking('', async (locked, _session, other) => {
        assert.ok(locked);
        await assert.rejects(other(`SET lock_timeout = '200ms'; ${sql}`), /lock timeout/);
      }));
  }

  test('rows can still be written', () =>
    locking('', async (_locked, _session, other) => {
      await other('INSERT INTO s.t VALUES (1); DELETE FROM s.t; UPDATE s.u SET x = 2');
    }));

  test('a schema that got another name is found in the end', () =>
    locking('', async (locked, { client }, other) => {
      assert.ok(locked);
      await refuseMoved(client);
      await other('ALTER SCHEMA s RENAME TO x; ALTER SCHEMA other RENAME TO s');
      await assert.rejects(refuseMoved(client), { kind: 'dump', message: /was not the same table any more/ });
    }));
});

test('a lock that somebody else holds is told', async () => {
  const source = await scene.database(tables);
  const holder = await Session.open(source.connection, keptLog().log, never, () => undefined);
  try {
    await holder.client.query('BEGIN; LOCK TABLE s.u IN ACCESS EXCLUSIVE MODE');
    const session = await Session.open(source.connection, keptLog().log, never, () => undefined);
    try {
      await session.exportSnapshot();
      await session.client.query(`SET LOCAL lock_timeout = '200ms'`);
      await assert.rejects(lockTables(session.client, 200), { kind: 'dump', message: /held the lock of a table/ });
    } finally {
      await session.close();
    }
  } finally {
    await holder.close();
  }
});

test('a table that may not be read is told, as pg_dump would', async () => {
  const source = await scene.database(tables);
  const { database } = source.connection;
  await scene.server.psql('CREATE ROLE narrow LOGIN; GRANT USAGE ON SCHEMA s, other TO narrow', database);
  const connection = { ...source.connection, user: 'narrow' };
  const session = await Session.open(connection, keptLog().log, never, () => undefined);
  try {
    await session.exportSnapshot();
    await assert.rejects(lockTables(session.client, 200), { kind: 'dump', message: /permission denied/ });
  } finally {
    await session.close();
  }
});

import assert from 'node:assert/strict';
import { chown, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SourceConfig } from '../../src/config/config.ts';
import { Census } from '../../src/postgres/census.ts';
import { Session } from '../../src/postgres/session.ts';
import { keptLog } from '../store/scripted.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { never } from '../support/shell-stage.ts';
import { dumped } from './dumped.ts';
import { connectionTo, sourceOf } from './settings.ts';

let server: TestPostgres;
let databases = 0;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop('immediate'));

/** A new database made of this SQL, and the settings that dump it. */
async function database(sql: string, changes: Partial<SourceConfig> = {}): Promise<SourceConfig> {
  const name = `census_${String(++databases)}`;
  await server.createDatabase(name);
  await server.psql(sql, name);
  return sourceOf(connectionTo(server, { database: name }), changes);
}

async function owner(path: string): Promise<[uid: number, gid: number]> {
  const { uid, gid } = await stat(path);
  return [uid, gid];
}

describe('ROW_COUNTS', () => {
  // 10,000 rows of which the planner is made to believe something else.
  const sql = `create table t as select generate_series(1, 10000) n; create table never_analyzed (n int);
    analyze t; update pg_class set reltuples = 1234 where relname = 't'`;

  test('auto and exact count small tables exactly', async () => {
    for (const rowCounts of ['auto', 'exact'] as const) {
      const { contents } = await dumped(await database(sql, { rowCounts }));
      assert.deepEqual(contents.tables, [
        { schema: 'public', name: 'never_analyzed', rows: 0, exact: true },
        { schema: 'public', name: 't', rows: 10_000, exact: true },
      ]);
    }
  });

  test('auto estimates what is larger than a gigabyte, and says so; exact counts it', async (t) => {
    const source = await database(sql);
    const { connection } = source;
    const path = await server.psql(`select pg_relation_filepath('t')`, connection.database);
    // A hole in the file, in new pages, which hold no rows.
    await truncate(join(server.dataDir, path), 1024 ** 3);
    await writeFile(join(server.dataDir, `${path}.1`), Buffer.alloc(8192));
    await chown(join(server.dataDir, `${path}.1`), ...(await owner(join(server.dataDir, path))));
    for (const [rowCounts, rows, exact] of [
      ['auto', 1234, false],
      ['exact', 10_000, true],
    ] as const) {
      const session = await Session.open(connection, keptLog().log, never, () => undefined);
      t.after(() => session.close());
      await session.exportSnapshot();
      const census = await Census.begin(session.client, { ...source, rowCounts });
      census.note('public.t');
      assert.deepEqual((await census.finish()).tables, [{ schema: 'public', name: 't', rows, exact }]);
    }
  });

  test('off counts nothing and says so, without estimates', async () => {
    const { contents } = await dumped(await database(sql, { rowCounts: 'off' }));
    assert.deepEqual(contents.tables, [
      { schema: 'public', name: 'never_analyzed', rows: null, exact: false },
      { schema: 'public', name: 't', rows: null, exact: false },
    ]);
  });
});

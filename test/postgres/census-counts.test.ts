import assert from 'node:assert/strict';
import { chown, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { counted, useCensus } from './census-scene.ts';
import { dumped } from './dumped.ts';

const scene = useCensus();

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
      const { contents } = await dumped(await scene.database(sql, { rowCounts }));
      assert.deepEqual(contents.tables, [
        { schema: 'public', name: 'never_analyzed', rows: 0, exact: true },
        { schema: 'public', name: 't', rows: 10_000, exact: true },
      ]);
    }
  });

  test('auto estimates what is larger than a gigabyte, and says so; exact counts it', async () => {
    const source = await scene.database(sql);
    const { connection } = source;
    const path = await scene.server.psql(`select pg_relation_filepath('t')`, connection.database);
    // A hole in the file, in new pages, which hold no rows.
    await truncate(join(scene.server.dataDir, path), 1024 ** 3);
    await writeFile(join(scene.server.dataDir, `${path}.1`), Buffer.alloc(8192));
    await chown(join(scene.server.dataDir, `${path}.1`), ...(await owner(join(scene.server.dataDir, path))));
    for (const [rowCounts, rows, exact] of [
      ['auto', 1234, false],
      ['exact', 10_000, true],
    ] as const) {
      const { tables } = await counted({ ...source, rowCounts }, ['public.t']);
      assert.deepEqual(tables, [{ schema: 'public', name: 't', rows, exact }]);
    }
  });

  test('off counts nothing and says so, without estimates', async () => {
    const { contents } = await dumped(await scene.database(sql, { rowCounts: 'off' }));
    assert.deepEqual(contents.tables, [
      { schema: 'public', name: 'never_analyzed', rows: null, exact: false },
      { schema: 'public', name: 't', rows: null, exact: false },
    ]);
  });
});

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import type { SourceConfig } from '../../src/config/config.ts';
import { Census } from '../../src/postgres/census.ts';
import { startPostgres } from '../support/postgres.ts';

const server = await startPostgres();
after(() => server.stop());

void test('a table that somebody has locked meanwhile is estimated, and those after it are counted', async () => {
  await server.createDatabase('locked');
  await server.psql(
    `CREATE TABLE first AS SELECT generate_series(1, 7) AS n; CREATE TABLE second AS SELECT generate_series(1, 5) AS n;
     CREATE TABLE third AS SELECT generate_series(1, 3) AS n; ANALYZE`,
    'locked',
  );
  const [counting, other] = [new pg.Client(server.url('locked')), new pg.Client(server.url('locked'))];
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.message);
  process.on('warning', onWarning);
  await Promise.all([counting.connect(), other.connect()]);
  try {
    await counting.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const source = {
      rowCounts: 'auto',
      lockWaitTimeoutMs: 200,
      ...{ schemas: [], excludeSchemas: [], tables: [], excludeTables: [], dumpArgs: [] },
    } satisfies Partial<SourceConfig>;
    const census = await Census.begin(counting, source as unknown as SourceConfig);
    await other.query('BEGIN; LOCK TABLE second IN ACCESS EXCLUSIVE MODE');
    for (const name of ['first', 'second', 'third']) census.note(`public.${name}`);
    const { tables } = await census.finish();
    assert.deepEqual(
      tables.map(({ name, rows, exact }) => [name, rows, exact]),
      [
        ['first', 7, true],
        ['second', 5, false],
        ['third', 3, true],
      ],
    );
    assert.deepEqual(warnings, [], 'the driver does not complain about how it is used');
  } finally {
    process.off('warning', onWarning);
    await Promise.all([other.end(), counting.end()]);
  }
});

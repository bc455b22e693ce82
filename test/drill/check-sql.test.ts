import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { runCheckSql } from '../../src/drill/check-sql.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
  await postgres.psql('CREATE TABLE orders AS SELECT i AS id, i % 7 = 0 AS odd FROM generate_series(1, 50) i');
});
after(() => postgres.stop('immediate'));

async function run(sql: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  try {
    const checks = await runCheckSql(client, sql);
    return checks.map(({ outcome, detail }) => `${outcome}: ${detail}`);
  } finally {
    await client.end();
  }
}

const cases: [what: string, sql: string, found: string[]][] = [
  ['a row', 'SELECT count(*) FROM orders', ['passed: SELECT count(*) FROM orders']],
  ['true', 'SELECT count(*) = 50 FROM orders', ['passed: SELECT count(*) = 50 FROM orders']],
  ['false', 'SELECT count(*) = 51 FROM orders', ['failed: returned false: SELECT count(*) = 51 FROM orders']],
  ['a false among true', 'SELECT NOT odd FROM orders', ['failed: returned false: SELECT NOT odd FROM orders']],
  ['null in the place of true', 'SELECT NULL::boolean', ['failed: returned null: SELECT NULL::boolean']],
  ['no row', 'SELECT 1 FROM orders WHERE id > 50', ['failed: returned no row: SELECT 1 FROM orders WHERE id > 50']],
  ['false in another column', 'SELECT 1, false', ['passed: SELECT 1, false']],
  ['an error', 'SELECT 1/0', ['failed: failed with "division by zero": SELECT 1/0']],
  [
    'the one of several that fails',
    'SET search_path = public; SELECT true; SELECT nothing; SELECT 1',
    [
      'passed: SET search_path = public',
      'passed: SELECT true',
      'failed: failed with "column "nothing" does not exist": SELECT nothing',
      'passed: SELECT 1',
    ],
  ],
  [
    'a statement that writes',
    'DELETE FROM orders; SELECT count(*) = 50 FROM orders',
    [
      'failed: failed with "cannot execute DELETE in a read-only transaction": DELETE FROM orders',
      'passed: SELECT count(*) = 50 FROM orders',
    ],
  ],
  ['nothing but a comment', '-- later', ['failed: holds no statement']],
];

for (const [what, sql, found] of cases) {
  test(what, async () => {
    assert.deepEqual(await run(sql), found);
  });
}

test('a connection that is lost is no result', async () => {
  await assert.rejects(run('SELECT pg_terminate_backend(pg_backend_pid())'), {
    kind: 'database',
    message: /^cannot run DRILL_CHECK_SQL: ./,
  });
});

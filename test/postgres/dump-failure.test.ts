import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StageExit } from '../../src/pipeline/stage.ts';
import { connect } from '../../src/postgres/connect.ts';
import { explainDump } from '../../src/postgres/dump-failure.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { never } from '../support/shell-stage.ts';
import { dumped, dumpFailure } from './dumped.ts';
import { connectionTo, sourceOf } from './settings.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
  await server.createDatabase('shop');
  await server.psql(
    `create table orders as select i, repeat('x', 500) as t from generate_series(1, 60000) i;
     create table secrets (n int); create role keeper login; grant select on orders to keeper;
     create role hasty login; alter role hasty set statement_timeout = '1ms'; alter role hasty set lock_timeout = '1ms';
     grant pg_read_all_data to hasty`,
    'shop',
  );
});
after(() => server.stop('immediate'));

const source = (changes: Partial<ReturnType<typeof sourceOf>> = {}, user = 'postgres'): ReturnType<typeof sourceOf> =>
  sourceOf(connectionTo(server, { database: 'shop', user }), changes);

describe('what really goes wrong is told in pg_dump’s own words, with what to do', () => {
  test('fault 4: its backend is terminated in the middle of a table', async () => {
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg-offsite pg_dump'`;
    const failure = await dumpFailure(source(), { begun: () => server.psql(kill) });
    assert.equal(failure.kind, 'dump');
    assert.match(
      failure.message,
      /^pg_dump failed with exit code 1: .*(terminating connection|closed the connection).*orders/,
    );
    assert.match(failure.hint ?? '', /log of the server/);
    assert.equal(failure.retryable, true);
  });

  test('fault 8: another session holds a table exclusively for longer than LOCK_WAIT_TIMEOUT', async (t) => {
    const other = await connect(connectionTo(server, { database: 'shop' }), never);
    t.after(() => other.end());
    const lock = async (): Promise<void> => {
      await other.query('BEGIN');
      await other.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    };
    await lock();
    const failure = await dumpFailure(source({ lockWaitTimeoutMs: 200 }));
    assert.equal(failure.kind, 'dump');
    assert.match(failure.message, /0\.2 s/);
    assert.match(failure.hint ?? '', /LOCK_WAIT_TIMEOUT/);
    assert.equal(failure.retryable, true);
  });

  test('fault 9: no SELECT on one table, which is named', async () => {
    const failure = await dumpFailure(source({}, 'keeper'));
    assert.equal(failure.kind, 'dump');
    assert.match(failure.message, /permission denied for table secrets/);
    assert.match(failure.hint ?? '', /pg_read_all_data/);
    assert.equal(failure.retryable, false);
  });

  test('fault 10: row-level security, which would make an incomplete dump', async (t) => {
    await server.psql('alter table orders enable row level security', 'shop');
    t.after(() => server.psql('alter table orders disable row level security', 'shop'));
    const failure = await dumpFailure(source({ excludeTables: ['secrets'] }, 'keeper'));
    assert.match(failure.message, /row-level security policy for table "orders"/);
    assert.match(failure.hint ?? '', /BYPASSRLS/);
    assert.equal(failure.retryable, false);
  });

  test('a pattern that fits nothing', async () => {
    for (const changes of [{ tables: ['nosuch'] }, { schemas: ['nosuch'] }]) {
      const failure = await dumpFailure(source(changes));
      assert.match(failure.message, /no matching (tables|schemas) were found/);
      assert.match(failure.hint ?? '', /SCHEMAS and TABLES/);
      assert.equal(failure.retryable, false);
    }
  });

  test('an argument that pg_dump does not know', async () => {
    const failure = await dumpFailure(source({ dumpArgs: ['--frobnicate'] }));
    assert.match(failure.message, /unrecognized option/);
    assert.match(failure.hint ?? '', /PG_DUMP_ARGS/);
    assert.equal(failure.retryable, false);
  });
});

test('fault 11: a role with a statement_timeout of a millisecond dumps everything', async () => {
  const { contents } = await dumped(source({}, 'hasty'));
  assert.deepEqual(
    contents.tables.map(({ name, rows }) => [name, rows]),
    [
      ['orders', 60_000],
      ['secrets', 0],
    ],
  );
});

describe('what cannot be made to happen here is recognised by its words', () => {
  const exit = (stderr: readonly string[], more: Partial<StageExit> = {}): StageExit => ({
    stage: { name: 'pg_dump', program: '/pg_dump', args: [], env: {} },
    code: 1,
    signal: null,
    startError: undefined,
    stderr,
    ...more,
  });
  const cases: [what: string, line: string, hint: RegExp, retryable: boolean][] = [
    [
      'fault 12: a recovery conflict',
      'ERROR:  canceling statement due to conflict with recovery',
      /hot_standby_feedback/,
      true,
    ],
    ['an old client', 'aborting because of server version mismatch', /newer PostgreSQL client/, false],
    ['too many tables', 'query failed: ERROR:  out of shared memory', /max_locks_per_transaction/, false],
    ['a server that went away', 'query failed: server closed the connection unexpectedly', /log of the server/, true],
    ['a snapshot that is gone', 'query failed: ERROR:  invalid snapshot identifier: "00-1"', /snapshot was lost/, true],
  ];
  for (const [what, line, hint, retryable] of cases) {
    test(what, () => {
      const failure = explainDump(exit([`pg_dump: error: ${line}`]), 60_000);
      assert.equal(failure.message, `pg_dump failed with exit code 1: ${line}`);
      assert.match(failure.hint ?? '', hint);
      assert.equal(failure.retryable, retryable);
    });
  }

  for (const [what, signal, hint] of [
    ['a kill by the kernel, most often for memory', 'SIGKILL', /memory limit/],
    ['a crash', 'SIGSEGV', /crashed: .*newest image/],
    ['a limit of processor time', 'SIGXCPU', /ulimit/],
    ['an end by somebody else', 'SIGTERM', /platform, ended it alone/],
  ] as const) {
    test(what, () => {
      const failure = explainDump(exit([], { code: null, signal }), 60_000);
      assert.equal(failure.message, `pg_dump was killed by ${signal}`);
      assert.match(failure.hint ?? '', hint);
      assert.equal(failure.retryable, true);
    });
  }

  test('a pg_dump that could not be started', () => {
    const failure = explainDump(exit([], { code: null, startError: new Error('spawn EACCES') }), 60_000);
    assert.equal(failure.message, 'pg_dump could not be started: spawn EACCES');
  });

  test('its errors and their details are told in order, its warnings and other words are not', () => {
    const lines = ['pg_dump: warning: circular', 'pg_dump: error: a', 'pg_dump: detail: b', 'pg_dump: hint: c', 'x'];
    assert.equal(explainDump(exit(lines), 0).message, 'pg_dump failed with exit code 1: a; detail: b; hint: c');
  });

  test('without errors of its own, the last that it said is told', () => {
    const failure = explainDump(exit(['symbol lookup error: libpq.so.5'], { code: 127 }), 0);
    assert.equal(failure.message, 'pg_dump failed with exit code 127: symbol lookup error: libpq.so.5');
  });
});

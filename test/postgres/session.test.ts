import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test, type TestContext } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { toDatabaseFailure } from '../../src/postgres/query-failure.ts';
import { Session } from '../../src/postgres/session.ts';
import { keptLog } from '../store/scripted.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { never } from '../support/shell-stage.ts';
import { until } from '../support/until.ts';
import { connectionTo } from './settings.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop('immediate'));

interface Opened {
  readonly session: Session;
  readonly lost: Failure[];
  readonly warnings: string[];
}

async function open(t: TestContext, changes: Parameters<typeof connectionTo>[1] = {}, signal = never): Promise<Opened> {
  const { log, lines } = keptLog();
  const lost: Failure[] = [];
  const session = await Session.open(connectionTo(server, changes), log, signal, (failure) => lost.push(failure));
  t.after(() => session.close());
  return { session, lost, warnings: lines.filter(({ level }) => level === 40).map(({ msg }) => String(msg)) };
}

test('the server says what it is', async (t) => {
  await server.createDatabase('facts');
  const { session } = await open(t, { database: 'facts' });
  const { version, major, encoding, inRecovery, databaseBytes } = session.server;
  assert.equal(major, server.major);
  assert.ok(version.startsWith(`${String(server.major)}.`));
  assert.equal(encoding, 'UTF8');
  assert.equal(inRecovery, false);
  assert.equal(String(databaseBytes), await server.psql(`select pg_database_size('facts')`));
});

test('fault 11: a role with a time limit of a millisecond on everything is no obstacle', async (t) => {
  await server.psql(`create role hasty login; alter role hasty set statement_timeout = '1ms';
    alter role hasty set lock_timeout = '1ms'; alter role hasty set idle_in_transaction_session_timeout = '1ms';
    alter role hasty set idle_session_timeout = '500ms'`);
  const { session, lost } = await open(t, { user: 'hasty' });
  await session.exportSnapshot();
  const { rows } = await session.client.query<{ n: string }>('SELECT count(*) AS n FROM generate_series(1, 200000)');
  assert.equal(rows[0]?.n, '200000');
  await new Promise((resolve) => setTimeout(resolve, 600)); // idle in its transaction, longer than both limits
  await session.client.query('SELECT 1');
  assert.deepEqual(lost, []);
});

test('a limit on idle sessions that is too short to begin at all is told as such', async (t) => {
  await server.psql(`create role hurried login; alter role hurried set idle_session_timeout = '1ms'`);
  for (let tries = 0; tries < 5; tries += 1) {
    const failures: Failure[] = [];
    try {
      const { session, lost } = await open(t, { user: 'hurried' });
      await session.exportSnapshot();
      failures.push(...lost);
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
      failures.push(error);
    }
    for (const { kind, message } of failures) assert.ok(kind === 'database' || kind === 'dump', message);
  }
  const ended = Object.assign(new Error('terminating connection due to idle-session timeout'), { code: '57P05' });
  assert.match(toDatabaseFailure('begin', ended).hint ?? '', /ALTER ROLE … SET idle_session_timeout = 0\.$/);
});

describe('fault 55: the lock', () => {
  const here = 's3://bucket/prefix';

  test('is refused while another run holds it, and free when that run has closed', async (t) => {
    const [first, second] = [(await open(t)).session, (await open(t)).session];
    await first.lock(here);
    await assert.rejects(second.lock(here), {
      kind: 'locked',
      message: 'another run is backing up postgres to s3://bucket/prefix',
      retryable: false,
      hint: /pg_stat_activity/,
    });
    await first.close();
    await until('the server has seen it go', () =>
      second
        .lock(here)
        .then(() => true)
        .catch(() => false),
    );
  });

  test('is free when the process that held it was killed', async (t) => {
    const script = `
      import { Session } from './src/postgres/session.ts';
      import { pino } from 'pino';
      const session = await Session.open(${JSON.stringify(connectionTo(server))}, pino({ level: 'silent' }), new AbortController().signal, () => {});
      await session.lock('file:///killed');
      console.log('held');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const { session } = await open(t);
    await assert.rejects(session.lock('file:///killed'), { kind: 'locked' });
    child.kill('SIGKILL');
    await until('the lock is free', () =>
      session
        .lock('file:///killed')
        .then(() => true)
        .catch(() => false),
    );
  });

  test('is one for each destination and each database', async (t) => {
    await server.createDatabase('other');
    await (await open(t)).session.lock(here);
    await (await open(t)).session.lock('s3://bucket/elsewhere');
    await (await open(t, { database: 'other' })).session.lock(here);
  });
});

describe('the end', () => {
  test('of the connection by the server is told once, as a failure that another attempt may cure', async (t) => {
    const { session, lost } = await open(t);
    await session.exportSnapshot();
    await server.psql(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg-offsite'
      and pid = ${String((await session.client.query<{ p: number }>('SELECT pg_backend_pid() AS p')).rows[0]?.p)}`);
    await until('it is told', () => lost.length > 0);
    assert.match(lost[0]!.message, /^the server ended the connection that holds the snapshot: terminating connection/);
    assert.equal(lost[0]!.kind, 'dump');
    assert.equal(lost[0]!.retryable, true);
    await assert.rejects(session.lock('x'), { kind: 'database' });
    await session.close();
  });

  test('by us is told to nobody, also while a query runs, and does not wait for it', async (t) => {
    const { session, lost } = await open(t);
    const sleeping = assert.rejects(session.client.query('SELECT pg_sleep(60)'));
    await session.close();
    await session.close();
    await sleeping;
    assert.deepEqual(lost, []);
  });

  test('by an abort breaks the query that runs, throws the reason and tells nobody of a loss', async (t) => {
    const reason = new Failure('deadline', 'too late');
    const aborting = new AbortController();
    const { session, lost } = await open(t, {}, aborting.signal);
    await server.psql('create table if not exists held ()');
    const sleeping = session.client.query('SELECT pg_sleep(60)');
    const locking = session.lock('x'); // queued behind it
    aborting.abort(reason);
    await assert.rejects(sleeping);
    await assert.rejects(locking, reason);
    await session.close();
    assert.deepEqual(lost, []);
  });
});

test('a snapshot name is one that another session can use', async (t) => {
  const { session } = await open(t);
  const snapshot = await session.exportSnapshot();
  await server.psql(`begin isolation level repeatable read; set transaction snapshot '${snapshot}'; select 1; commit`);
});

test('a connection to another host that is not encrypted is warned of, one to this machine is not', async (t) => {
  assert.deepEqual((await open(t)).warnings, []);
  assert.deepEqual((await open(t, { host: server.socketDir })).warnings, []);
});

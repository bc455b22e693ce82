import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { ConnectionConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { Failure } from '../../src/errors.ts';
import { connect } from '../../src/postgres/connect.ts';
import { libpqEnvironment } from '../../src/postgres/libpq-environment.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { never } from '../support/shell-stage.ts';
import { connectionTo } from './settings.ts';

const superPassword = 'super@:/%#';
let server: TestPostgres;
before(async () => {
  server = await startPostgres({ password: superPassword });
});
after(() => server.stop('immediate'));

async function failure(changes: Partial<ConnectionConfig>, signal = never): Promise<Failure> {
  try {
    const client = await connect(connectionTo(server, changes), signal);
    await client.end();
  } catch (error) {
    return error as Failure;
  }
  throw new Error('it connected');
}

describe('passwords reach the server as they are, through ours and through libpq', () => {
  const passwords = ['@:/%#', 'ünïcödé 🐘', ' leading and trailing ', `q'u"o\\te`, '%41%2F', 'a&b=c;d', 'ﬀ①²'];
  for (const password of passwords) {
    test(JSON.stringify(password), async () => {
      await server.psql(`drop role if exists app; create role app login password '${password.replaceAll("'", "''")}'`);
      const connection = connectionTo(server, { user: 'app', password: new Secret(password) });
      const client = await connect(connection, never);
      assert.equal((await client.query<{ u: string }>('SELECT current_user AS u')).rows[0]?.u, 'app');
      await client.end();
      const env = { PATH: process.env['PATH'], ...libpqEnvironment(connection, server.major) };
      assert.equal(await runCommand(`${server.binDir}/psql`, ['-XAtc', 'SELECT current_user'], { env }), 'app\n');
    });
  }
});

describe('names reach the server as they are', () => {
  test('a user and a database with odd names', async () => {
    const name = `o'dd "db" / ü ? # = & %41`;
    await server.createDatabase(name);
    await server.psql(`create role "${name.replaceAll('"', '""')}" login password 'pw'`);
    const connection = connectionTo(server, { user: name, database: name, password: new Secret('pw') });
    const client = await connect(connection, never);
    const { rows } = await client.query('SELECT current_user AS u, current_database() AS d');
    assert.deepEqual(rows, [{ u: name, d: name }]);
    await client.end();
  });
});

describe('fault 6: what is wrong is named, and the password never is', () => {
  const canary = 'canary@:/%#';
  const cases: [
    what: string,
    changes: () => Partial<ConnectionConfig> | Promise<Partial<ConnectionConfig>>,
    message: RegExp,
    retryable: boolean,
  ][] = [
    ['nobody listens', async () => ({ port: await freePort() }), /^nothing answers at 127\.0\.0\.1:\d+$/, true],
    ['no such socket', () => ({ host: '/nowhere' }), /^nothing answers at the socket in \/nowhere$/, true],
    ['no such host', () => ({ host: 'nowhere.invalid' }), /^the host name nowhere\.invalid cannot be found$/, false],
    [
      'wrong password',
      () => ({ password: new Secret(canary) }),
      /^login refused for user postgres at 127.*: password authentication failed/,
      false,
    ],
    ['no such user', () => ({ user: 'nobody' }), /^login refused for user nobody at 127/, false],
    ['no password', () => ({ password: undefined }), /^127.* asks for a password and none is set$/, false],
    ['an empty password', () => ({ password: new Secret('') }), /^127.* asks for a password and none is set$/, false],
    ['no such database', () => ({ database: 'nosuch' }), /^database nosuch does not exist at 127\.0\.0\.1:\d+$/, false],
  ];
  for (const [what, changes, message, retryable] of cases) {
    test(what, async () => {
      const error = await failure(await changes());
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.kind, 'database');
      if (what !== 'no such host') assert.equal(error.retryable, retryable);
      assert.match(error.message, message);
      assert.ok(error.hint);
      for (const secret of [canary, superPassword])
        assert.ok(!JSON.stringify([error.message, error.hint]).includes(secret));
    });
  }

  const hints: [string, Partial<ConnectionConfig>, RegExp][] = [
    ['a database', {}, /^Check the name after the last slash of DATABASE_URL\.$/],
    ['a database that was not named', { unnamed: true }, /^DATABASE_URL names no database, .* add \/shop\.$/],
    ['the target', { variable: 'TARGET_DATABASE_URL' }, /^Add --create to make it, or check .* TARGET_DATABASE_URL\.$/],
    ['the database of PGDATABASE', { variable: 'PGHOST' }, /^Check PGDATABASE\.$/],
    ['a database without PGDATABASE', { variable: 'PGHOST', unnamed: true }, /^PGDATABASE is not set/],
  ];
  for (const [what, changes, hint] of hints) {
    test(`${what} that does not exist: what to do`, async () => {
      assert.match((await failure({ database: 'nosuch', ...changes })).hint ?? '', hint);
    });
  }

  test('nobody at an address of this machine: what that is in a container', async () => {
    const { hint } = await failure({ port: await freePort() });
    assert.match(hint ?? '', /In a container 127\.0\.0\.1 is the container itself: use host\.docker\.internal/);
    assert.doesNotMatch((await failure({ host: '/nowhere' })).hint ?? '', /container/);
  });

  test('a server without TLS where it is asked for: what to do', async () => {
    const error = await failure({ sslMode: 'require' });
    assert.match(error.message, /^TLS to 127\.0\.0\.1:\d+ failed: /);
    assert.match(error.hint ?? '', /^This server offers no TLS: switch it on there, or leave out sslmode=require; /);
  });

  test('a role that may not connect to the database', async () => {
    await server.createDatabase('closed');
    await server.psql(`revoke connect on database closed from public; create role guest login password 'pw'`);
    const error = await failure({ user: 'guest', password: new Secret('pw'), database: 'closed' });
    assert.equal(error.message, 'user guest may not connect to database closed');
    assert.equal(error.retryable, false);
  });

  test('a role without a free connection', async () => {
    await server.psql(`create role full_up login password 'pw' connection limit 0`);
    const error = await failure({ user: 'full_up', password: new Secret('pw') });
    assert.match(error.message, /has no free connection: too many connections for role/);
    assert.equal(error.retryable, true);
  });
});

describe('servers that are none', () => {
  /** Listens, and does this with each connection. */
  async function listening(t: { after(end: () => void): void }, act: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      act(socket);
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    });
    return (listener.address() as AddressInfo).port;
  }

  test('one that never answers is given up after the connect timeout', async (t) => {
    const port = await listening(t, () => undefined);
    const error = await failure({ port, connectTimeoutSeconds: 0.2 });
    assert.match(error.message, /^no answer from 127\.0\.0\.1:\d+ within 0\.2 s$/);
    assert.equal(error.retryable, true);
  });

  for (const sslMode of ['disable', 'prefer', 'require'] as const) {
    test(`one that closes at once is told as that, with sslmode=${sslMode}`, async (t) => {
      const port = await listening(t, (socket) => socket.end());
      const error = await failure({ port, sslMode });
      assert.equal(error.kind, 'database');
      assert.match(error.message, /^cannot connect to 127\.0\.0\.1:\d+: /);
    });

    test(`one that speaks HTTP is told as that, with sslmode=${sslMode}`, async (t) => {
      const port = await listening(
        t,
        (socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
      );
      const error = await failure({ port, sslMode });
      assert.equal(error.kind, 'database');
      assert.match(error.message, /127\.0\.0\.1:\d+/);
    });
  }

  const reason = new Failure('sigterm', 'interrupted by SIGTERM');

  test('an abort before connecting throws its reason and connects to nobody', async (t) => {
    let connections = 0;
    const port = await listening(t, () => (connections += 1));
    assert.equal(await failure({ port }, AbortSignal.abort(reason)), reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(connections, 0);
  });

  test('an abort while the server is silent throws its reason at once', async (t) => {
    const aborting = new AbortController();
    const port = await listening(t, () => aborting.abort(reason));
    for (const sslMode of ['disable', 'require'] as const) {
      assert.equal(await failure({ port, sslMode, connectTimeoutSeconds: 60 }, aborting.signal), reason);
    }
  });

  test('an abort later on breaks the query that runs', async () => {
    const aborting = new AbortController();
    const client = await connect(connectionTo(server), aborting.signal);
    client.on('error', () => undefined);
    const sleeping = client.query('SELECT pg_sleep(60)');
    aborting.abort(reason);
    await assert.rejects(sleeping, /Connection terminated/);
  });
});

test('the session shows up under our name, with the options that were given', async () => {
  const connection = connectionTo(server, { libpqEnvironment: { PGOPTIONS: '-c work_mem=7MB' } });
  const client = await connect(connection, never);
  const { rows } = await client.query(
    `SELECT current_setting('application_name') AS a, current_setting('work_mem') AS m`,
  );
  assert.deepEqual(rows, [{ a: 'pg-offsite', m: '7MB' }]);
  await client.end();
});

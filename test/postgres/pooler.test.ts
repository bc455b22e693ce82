import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { connectionTo } from './settings.ts';
import { refusePoolerAddress } from '../../src/postgres/pooler.ts';
import { Session } from '../../src/postgres/session.ts';
import { type TestPooler, startPgbouncer } from '../support/pgbouncer.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { never } from '../support/shell-stage.ts';
import { keptLog } from '../store/scripted.ts';

let server: TestPostgres;
before(async () => {
  server = await startPostgres();
});
after(() => server.stop('immediate'));

/** A pooler in front of the server, with these settings. */
async function pooler(t: TestContext, mode: 'transaction' | 'session', ...settings: string[]): Promise<TestPooler> {
  const started = await startPgbouncer(server, mode, settings);
  t.after(() => started.stop());
  return started;
}

/** Opens a session there and closes it again. */
async function open({ port }: { readonly port: number }): Promise<void> {
  const connection = connectionTo({ port, password: undefined }, { connectTimeoutSeconds: 5 });
  const session = await Session.open(connection, keptLog().log, never, () => undefined);
  await session.close();
}

const refused = { kind: 'config', message: /transaction pooler/, hint: /session of its own.*direct address/s };

describe('fault 13: a transaction pooler is refused by its address, before connecting', () => {
  for (const [host, port] of [
    ['ep-cool-sound-123-pooler.eu-central-1.aws.neon.tech', 5432],
    ['aws-0-eu-central-1.pooler.supabase.com', 6543],
    ['db.abcdefgh.supabase.co', 6543],
  ] as const) {
    test(`${host}:${String(port)}`, () => {
      assert.throws(() => refusePoolerAddress(connectionTo(server, { host, port })), refused);
    });
  }

  for (const [host, port] of [
    ['ep-cool-sound-123.eu-central-1.aws.neon.tech', 5432],
    ['aws-0-eu-central-1.pooler.supabase.com', 5432],
    ['db.abcdefgh.supabase.co', 5432],
    ['db.example.com', 6543],
    ['my-pooler', 5432],
  ] as const) {
    test(`${host}:${String(port)} is not one`, () => {
      refusePoolerAddress(connectionTo(server, { host, port }));
    });
  }
});

describe('fault 13: a transaction pooler is refused by its behaviour', () => {
  for (const size of [1, 2, 20]) {
    for (const roundRobin of [0, 1]) {
      test(`with ${String(size)} server processes, ${roundRobin === 1 ? 'in turn' : 'the last used first'}`, async (t) => {
        const settings = [`default_pool_size=${String(size)}`, `server_round_robin=${String(roundRobin)}`];
        const pool = await pooler(t, 'transaction', ...settings);
        await warmUp(pool, size);
        await assert.rejects(open(pool), refused);
      });
    }
  }

  test('one whose server processes are not even started yet', async (t) => {
    await assert.rejects(open(await pooler(t, 'transaction')), refused);
  });

  test('and its server processes are left as they were', async (t) => {
    const pool = await pooler(t, 'transaction', 'default_pool_size=1');
    const ask = `SELECT current_setting('search_path'), current_setting('statement_timeout')`;
    const app = (): Promise<string> => runCommand(`${server.binDir}/psql`, ['-XAt', '-d', pool.url(), '-c', ask]);
    const before = await app();
    await assert.rejects(open(pool), refused);
    assert.equal(await app(), before);
  });
});

test('a session pooler is accepted', async (t) => {
  await open(await pooler(t, 'session', 'default_pool_size=4'));
});

test('a server itself is accepted', async () => {
  await open(server);
});

/** Makes the pooler open as many server processes as it may. */
async function warmUp(pool: TestPooler, size: number): Promise<void> {
  const sleep = (): Promise<string> =>
    runCommand(`${server.binDir}/psql`, ['-XAt', '-d', pool.url(), '-c', 'SELECT pg_sleep(0.2)']);
  await Promise.all(Array.from({ length: Math.min(size, 6) }, sleep));
}

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import type { ConnectionConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { ScratchRequest } from '../../src/drill/scratch-database.ts';
import { Failure } from '../../src/errors.ts';
import { connect } from '../../src/postgres/connect.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { connectionTo } from '../postgres/settings.ts';
import { holdScratch } from './held.ts';
import { ask, noSignal, openScratch, smallManifest } from './scene.ts';

describe('a drill on a server that is not ours', () => {
  let server: TestPostgres;
  let url: ConnectionConfig;
  before(async () => {
    server = await startPostgres();
    await server.psql('CREATE ROLE driller LOGIN CREATEDB; CREATE ROLE weak LOGIN');
    url = connectionTo(server, { user: 'driller', sslMode: 'disable' });
  });
  after(() => server.stop());
  const drill = (databaseUrl: ConnectionConfig): Pick<ScratchRequest, 'drill'> => ({
    drill: { databaseUrl, role: 'ordinary', checkSql: undefined },
  });
  const databases = (): Promise<string> =>
    server.psql(`SELECT string_agg(datname, ',' ORDER BY datname) FROM pg_database WHERE datname LIKE 'pg_off%'`);

  test('makes a database of its own and drops it, whoever is connected to it', async () => {
    {
      await using scratch = await openScratch({ ...drill(url), manifest: smallManifest({}, { encoding: 'LATIN1' }) });
      const { target, own, admin, serverMajor } = scratch;
      assert.deepEqual([own, admin, serverMajor], [false, undefined, server.major]);
      assert.match(target.database, /^pg_offsite_drill_[0-9a-f]{16}$/);
      assert.deepEqual(await ask(target, 'CREATE TABLE t (); SHOW server_encoding'), [['LATIN1']]);
      const other = await connect(target, noSignal);
      other.on('error', () => undefined);
      assert.equal(await databases(), target.database);
    }
    assert.equal(await databases(), '');
  });

  test('drops what a killed drill has left, and neither living ones nor what is not ours', async () => {
    const killed = await holdScratch({ server: url });
    const living = await holdScratch({ server: url });
    await killed.end('SIGKILL');
    await server.psql('CREATE DATABASE pg_offsite_drill_0123456789abcdef OWNER driller');
    await server.psql('CREATE DATABASE pg_offsite_drill_of_mine OWNER driller');
    await server.psql(
      `COMMENT ON DATABASE pg_offsite_drill_of_mine IS 'made by pg-offsite for a drill, dropped after it'`,
    );
    const foreign = ['pg_offsite_drill_0123456789abcdef', 'pg_offsite_drill_of_mine'];
    const gone = `SELECT count(*) FROM pg_stat_activity WHERE datname = '${killed.target.database}'`;
    while ((await server.psql(gone)) !== '0');
    {
      await using scratch = await openScratch(drill(url));
      const expected = [...foreign, living.target.database, scratch.target.database].sort();
      assert.equal(await databases(), expected.join(','));
      assert.deepEqual(await ask({ ...url, database: living.target.database }, 'SELECT 1'), [[1]]);
    }
    await living.end('SIGTERM');
    assert.equal(await databases(), foreign.join(','));
    for (const name of foreign) await server.psql(`DROP DATABASE ${name}`);
  });

  test('says that it is the server that is backed up', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    await using _scratch = await openScratch({ ...drill(url), log, source: { ...url, database: 'shop' } });
    assert.match(lines.join(''), /the very server that is backed up/);
  });

  test('cannot run without the right to create databases, or on an older server', async () => {
    await assert.rejects(openScratch(drill({ ...url, user: 'weak' })), {
      kind: 'dump',
      message: /^could not run: .*permission denied/,
      hint: /ALTER ROLE "weak" CREATEDB/,
    });
    await assert.rejects(openScratch({ ...drill(url), manifest: smallManifest({}, { major: 99 }) }), {
      kind: 'dump',
      message: /^could not run: the server of DRILL_DATABASE_URL is PostgreSQL \d/,
    });
    await assert.rejects(openScratch(drill({ ...url, database: 'nowhere', password: new Secret('canary5f3a') })), {
      kind: 'database',
      exitCode: 69,
    });
    assert.equal(await databases(), '');
  });

  test('leaves nothing when it is told to end meanwhile', async () => {
    for (const afterMs of [1, 20, 40, 60, 80, 110, 150, 200]) {
      const stop = new AbortController();
      const reason = new Failure('sigterm', 'interrupted');
      setTimeout(() => {
        stop.abort(reason);
      }, afterMs);
      const ended = openScratch({ ...drill(url), signal: stop.signal }).then(async (scratch) => {
        await scratch[Symbol.asyncDispose]();
        throw reason;
      });
      await assert.rejects(ended, reason);
      assert.equal(await databases(), '');
    }
  });
});

import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { prepareExtensions } from '../../src/drill/extensions.ts';
import { takeSuperuser } from '../../src/drill/superuser-role.ts';
import { findServerUser } from '../../src/postgres/server-user.ts';
import { startPostgres } from '../support/postgres.ts';
import { ask, noLog, noSignal, openScratch, scratchRequest, smallManifest } from './scene.ts';

test('the database has the encoding of the dumped one, and its order where the server knows it', async () => {
  for (const [server, expected] of [
    [{ encoding: 'UTF8' }, ['UTF8', 'C.UTF-8']],
    [{ encoding: 'LATIN1' }, ['LATIN1', 'C']],
    [{ encoding: 'SQL_ASCII' }, ['SQL_ASCII', 'C']],
    [{ encoding: 'UTF8', collate: 'C', ctype: 'C' }, ['UTF8', 'C']],
    [{ encoding: 'UTF8', collate: 'Klingon', ctype: 'C' }, ['UTF8', 'C.UTF-8']],
  ] as const) {
    await using scratch = await openScratch({ manifest: smallManifest({}, server) });
    const found = `SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()`;
    assert.deepEqual(await ask(scratch.target, found), [expected], JSON.stringify(server));
    assert.equal(scratch.serverMajor, Number(/^\d+/.exec(scratch.serverVersion)?.[0]));
  }
});

test('texts sort as by the locale of the source, where the server has ICU in its place', async () => {
  const like = { encoding: 'UTF8', collate: 'en_US.UTF-8', ctype: 'en_US.UTF-8' };
  await using scratch = await openScratch({ manifest: smallManifest({}, like) });
  assert.deepEqual(await ask(scratch.target, `SELECT 'a' < 'B'`), [[true]]);
});

test('an encoding that no server has is told', async () => {
  await assert.rejects(openScratch({ manifest: smallManifest({}, { encoding: `x'; DROP` }) }), {
    kind: 'dump',
    message: /^could not run: no database for the drill can be made: .*encoding/,
  });
});

test('the role of the restore sees all rows, but is no superuser and cannot become one', async () => {
  const extensions = ['postgres_fdw', 'dblink', 'file_fdw'].map((name) => ({ name, version: '1', schema: 'ext' }));
  const manifest = smallManifest({ extensions });
  await using scratch = await openScratch({ manifest });
  await prepareExtensions(scratch, manifest, { allowMissing: () => false, log: noLog, signal: noSignal });
  const { target, admin } = scratch;
  assert(admin);
  const su = admin.user;

  assert.deepEqual(
    await ask(
      target,
      `CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
       SELECT count(*)::int FROM t`,
    ),
    [[1]],
  );
  // Code of a dump that is run by a connection of the server to itself.
  const loop = `host=${target.host} port=5432 dbname=drill user=${su}`;
  const server = `CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${target.host}', dbname 'drill');`;
  const table = `CREATE FOREIGN TABLE l (rolname name) SERVER loop OPTIONS (schema_name 'pg_catalog', table_name 'pg_authid');`;
  for (const [sql, expected] of [
    ['ALTER ROLE CURRENT_USER SUPERUSER', /must be superuser|permission denied/],
    [`SET ROLE ${su}`, /permission denied/],
    [`GRANT ${su} TO CURRENT_USER`, /superuser|permission denied/],
    [`ALTER ROLE ${su} PASSWORD 'known'`, /superuser|permission denied/],
    [`COPY (SELECT 1) TO PROGRAM 'true'`, /permission denied|must be superuser/],
    [`COPY t FROM '/etc/passwd'`, /permission denied|must be superuser/],
    [`SELECT pg_read_file('/proc/self/environ')`, /permission denied/],
    [`SELECT lo_import('/etc/passwd')`, /permission denied/],
    [`CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'abort'`, /permission denied/],
    [`LOAD 'plpgsql'`, /not allowed|access to library/],
    ['ALTER SYSTEM SET fsync = on', /permission denied|must be superuser/],
    [`SET session_preload_libraries = 'x'`, /permission denied/],
    [`SELECT * FROM ext.dblink('${loop}', 'SELECT 1') AS x (a int)`, /password/],
    [
      `SELECT * FROM ext.dblink('${loop} password=guess', 'SELECT 1') AS x (a int)`,
      /authentication failed|could not establish/,
    ],
    [`SELECT ext.dblink_connect_u('${loop}')`, /permission denied/],
    [
      `${server} CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (user '${su}'); ${table} SELECT * FROM l`,
      /password/,
    ],
    [
      `${server} CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (user '${su}', password_required 'false')`,
      /superuser/,
    ],
    [
      `${server} CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (user '${su}', password 'guess'); ${table} SELECT * FROM l`,
      /could not connect/,
    ],
    [
      `CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
       CREATE FOREIGN TABLE p (line text) SERVER files OPTIONS (filename '/etc/passwd')`,
      /superuser|pg_read_server_files/,
    ],
  ] as const) {
    await assert.rejects(ask(target, sql), expected, sql);
  }
  assert.deepEqual(await ask(target, `SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER`), [[false]]);
});

test('the role of the restore is a superuser only where that is asked for, and not for longer than the restore', async () => {
  const drill = { ...scratchRequest().drill, role: 'superuser' } as const;
  await using scratch = await openScratch({ drill });
  const { target, admin } = scratch;
  assert(admin);
  await ask(
    target,
    `CREATE ACCESS METHOD own_heap TYPE TABLE HANDLER heap_tableam_handler; CREATE ROLE friend SUPERUSER;
     CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''seen''; END';
     CREATE EVENT TRIGGER seen ON ddl_command_start EXECUTE FUNCTION seen()`,
  );
  await takeSuperuser(admin, noSignal);
  assert.deepEqual(await ask(target, 'SELECT rolname FROM pg_roles WHERE rolsuper'), [[admin.user]]);
  await ask(target, 'CREATE TABLE unseen ()');
  await assert.rejects(ask(target, 'ALTER ROLE CURRENT_USER SUPERUSER'), /superuser|permission denied/);
});

test('what the role sets for its database does not decide what names mean to the superuser', async () => {
  await using scratch = await openScratch();
  const { target, admin } = scratch;
  assert(admin);
  await ask(
    target,
    `CREATE SCHEMA trap; CREATE FUNCTION trap.version() RETURNS text LANGUAGE sql AS $$ SELECT 'trapped' $$;
     ALTER DATABASE drill SET search_path = trap, pg_catalog; ALTER DATABASE drill SET statement_timeout = 1`,
  );
  assert.deepEqual(await ask(target, 'SELECT version()').catch(() => [['trapped']]), [['trapped']]);
  const [[version] = []] = await ask(admin, 'SELECT version() FROM pg_sleep(0.01)');
  assert.match(String(version), /^PostgreSQL/);
});

test('a database that lives while its folder is looked for is our own only', async () => {
  await using first = await openScratch();
  await using second = await openScratch();
  assert.notEqual(dirname(first.target.host), dirname(second.target.host));
  assert.deepEqual(await ask(first.target, 'SELECT 1'), [[1]]);
});

test('code of a dump reaches nobody through the network, where the system can take it away', async (t) => {
  const { offline } = await findServerUser();
  if (!offline) {
    t.skip('no network namespace can be made here');
    return;
  }
  await using other = await startPostgres({ password: 'known' });
  const manifest = smallManifest({ extensions: [{ name: 'dblink', version: '1.2', schema: 'public' }] });
  await using scratch = await openScratch({ manifest });
  await prepareExtensions(scratch, manifest, { allowMissing: () => false, log: noLog, signal: noSignal });
  const way = `host=127.0.0.1 port=${other.port} dbname=postgres user=postgres password=known`;
  const call = `SELECT * FROM dblink('${way}', 'SELECT 1') AS x (a int)`;
  await other.psql('CREATE EXTENSION dblink');
  assert.equal(await other.psql(call), '1');
  await assert.rejects(ask(scratch.target, call), /could not establish connection/);
});

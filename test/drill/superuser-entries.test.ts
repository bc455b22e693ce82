import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareExtensions } from '../../src/drill/extensions.ts';
import { planSuperuserEntries, runAsSuperuser } from '../../src/drill/superuser-entries.ts';
import { findClient } from '../../src/postgres/clients.ts';
import { libpqEnvironment } from '../../src/postgres/libpq-environment.ts';
import { readToc } from '../../src/restore/toc.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { ask, noLog, noSignal, openScratch, serversDir, smallManifest } from './scene.ts';

const contents = `
  CREATE SCHEMA "Sales 2"; CREATE SCHEMA ext; CREATE EXTENSION postgres_fdw SCHEMA ext;
  CREATE TABLE "Sales 2".orders (id int PRIMARY KEY);
  CREATE TABLE paid (id int PRIMARY KEY);
  INSERT INTO paid VALUES (1), (2);
  CREATE FUNCTION "Sales 2"."Log it"() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'x'; END $$;
  CREATE EVENT TRIGGER "odd "" one;
" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION "Sales 2"."Log it"();
  CREATE EVENT TRIGGER always ON sql_drop EXECUTE FUNCTION "Sales 2"."Log it"();
  ALTER EVENT TRIGGER always ENABLE ALWAYS;
  COMMENT ON EVENT TRIGGER always IS 'is watched';
  COMMENT ON EVENT TRIGGER "odd "" one;
" IS 'is odd';
  CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, delete', publish_via_partition_root = true);
  COMMENT ON PUBLICATION everything IS 'all of it';
  CREATE PUBLICATION part FOR TABLE paid;
  ALTER PUBLICATION part ADD TABLES IN SCHEMA "Sales 2";
  COMMENT ON PUBLICATION part IS 'some of it';
  CREATE FOREIGN DATA WRAPPER plain OPTIONS (a 'it''s', "B" '');
  COMMENT ON FOREIGN DATA WRAPPER plain IS 'of no use';
  CREATE FOREIGN DATA WRAPPER second HANDLER ext.postgres_fdw_handler VALIDATOR ext.postgres_fdw_validator;
  CREATE FOREIGN DATA WRAPPER postgresql VALIDATOR postgresql_fdw_validator;
  CREATE SERVER far FOREIGN DATA WRAPPER second OPTIONS (host 'far.example.com');
  CREATE SERVER near FOREIGN DATA WRAPPER plain;
  CREATE FOREIGN TABLE "Sales 2".remote (id int) SERVER far;
  CREATE SUBSCRIPTION from_there CONNECTION 'host=there.example.com' PUBLICATION p WITH (connect = false);
`;

async function dump(sql: string): Promise<string> {
  await using server = await startPostgres();
  await server.createDatabase('shop');
  await server.psql(sql, 'shop');
  const file = join(temporaryFolder(), 'shop.dump');
  const env = { ...server.env, PGDATABASE: 'shop' };
  await runCommand(join(server.binDir, 'pg_dump'), ['-Fc', '-f', file], { env });
  return file;
}

test('what only a superuser may create is created on a scratch server, and the role restores the rest', async () => {
  const dumped = await dump(contents);
  const manifest = smallManifest({ extensions: [{ name: 'postgres_fdw', version: '1.1', schema: 'ext' }] });
  await using scratch = await openScratch({ manifest });
  const { admin, target } = scratch;
  assert(admin);
  await prepareExtensions(scratch, manifest, { allowMissing: () => false, log: noLog, signal: noSignal });
  const client = await findClient(serversDir, 15);
  await using toc = await readToc(createReadStream(dumped), client, { schemas: ['Sales 2'], roles: [] }, noSignal);
  const plan = await planSuperuserEntries(toc, client, { own: true, signal: noSignal });
  assert.deepEqual(plan.notTried, []);
  const role = target.user;
  assert.deepEqual(await runAsSuperuser(admin, role, plan.before, noSignal), []);

  const leftOut = [...plan.leaveOut].map(([entry, reason]) => ({ entry, reason }));
  const made = toc.entries.filter(({ kind, name }) => kind === 'SCHEMA' && name === 'ext');
  const ofExtensions = toc.entries.filter(({ kind, name }) => kind === 'COMMENT' && name.startsWith('EXTENSION'));
  const others = [...made, ...ofExtensions].map((entry) => ({ entry, reason: '' }));
  const list = await toc.writeList([...leftOut, ...others]);
  await runCommand(
    join(client.binDir, 'pg_restore'),
    ['--single-transaction', '--exit-on-error', '--no-owner', '--no-acl', `--use-list=${list}`, '--dbname=', dumped],
    { env: libpqEnvironment(target, client.major) },
  );
  assert.deepEqual(await runAsSuperuser(admin, role, plan.after, noSignal), []);

  assert.deepEqual(await ask(target, 'SELECT evtname, evtenabled FROM pg_event_trigger ORDER BY 1'), [
    ['always', 'D'],
    ['odd " one;\n', 'D'],
  ]);
  assert.deepEqual(
    await ask(target, 'SELECT pubname, puballtables, pubinsert, pubupdate, pubviaroot FROM pg_publication ORDER BY 1'),
    [
      ['everything', true, true, false, true],
      ['part', false, true, true, false],
    ],
  );
  assert.deepEqual(await ask(target, 'SELECT pnnspid::regnamespace::text FROM pg_publication_namespace'), [
    ['"Sales 2"'],
  ]);
  assert.deepEqual(await ask(target, 'SELECT srvname FROM pg_foreign_server ORDER BY 1'), [['far'], ['near']]);
  assert.deepEqual(await ask(target, 'SELECT count(*)::int FROM pg_subscription'), [[0]]);
  assert.deepEqual(await ask(target, 'SELECT count(*)::int FROM public.paid'), [[2]]);
});

test('what a superuser must not create for a stranger is left out and named', async () => {
  const file = await dump(`
    CREATE OPERATOR FAMILY odd USING btree;
    CREATE OPERATOR CLASS odd_ops FOR TYPE int4 USING btree FAMILY odd AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,
      OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4, int4);
    CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
    CREATE TABLE t (id int);`);
  const client = await findClient(serversDir, 15);
  await using toc = await readToc(createReadStream(file), client, { schemas: [], roles: [] }, noSignal);
  const plan = await planSuperuserEntries(toc, client, { own: true, signal: noSignal });
  assert.deepEqual(plan.notTried.map(({ entry: { kind, name } }) => `${kind} ${name}`).sort(), [
    'ACCESS METHOD heap2',
    'OPERATOR CLASS odd_ops',
    'OPERATOR FAMILY odd',
  ]);
  assert.deepEqual([...plan.before, ...plan.after], []);
  for (const { entry } of plan.notTried) assert(plan.leaveOut.has(entry));

  const elsewhere = await planSuperuserEntries(toc, client, { own: false, signal: noSignal });
  assert.equal(elsewhere.leaveOut.size, 0);
});

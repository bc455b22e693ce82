import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres } from '../support/postgres.ts';

const server = await startPostgres();
after(() => server.stop());
for (const name of ['shop', 'crm', 'odd\nname']) {
  await server.createDatabase(name);
  await server.psql('create table t as select 1 as id', name);
}
await server.psql(`create role reader login password 'canary-of-reader'; revoke connect on database crm from public`);
await server.psql('grant select on all tables in schema public to reader', 'shop');
const env = {
  DATABASE_URL: server.url('postgres', { user: 'reader', password: 'canary-of-reader' }),
  BACKUP_DESTINATION: pathToFileURL(temporaryFolder()).href,
};

test('doctor tries every database of a run, and tells of each what is wrong there', async () => {
  const { exitCode, stdout, stderr } = await runEntrypoint(
    { ...env, DATABASES: 'shop,crm,"odd\nname"' },
    { args: ['doctor'] },
  );
  assert.equal(exitCode, 69, stdout + stderr);
  assert.match(stdout, /^ok {4}databases: shop, crm, odd\\nname$/m);
  assert.match(stdout, /^ok {4}shop: database login: reader on shop/m);
  assert.match(stdout, /^ok {4}shop: rights on everything: everything can be read$/m);
  assert.match(stdout, /^FAIL {2}crm: database login: user reader may not connect to database crm$/m);
  assert.match(stdout, /^FAIL {2}odd\\nname: rights on everything: reader may not read public\.t$/m);
  assert.match(stdout, /^2 to fix$/m);
});

test('doctor tells which databases * leaves out', async () => {
  const { stdout } = await runEntrypoint({ ...env, DATABASES: '*', EXCLUDE_DATABASES: 'odd*' }, { args: ['doctor'] });
  assert.match(stdout, /^warn {2}crm: reader may not connect, so it is not backed up/m);
  assert.match(stdout, /^ok {4}databases: postgres, shop$/m);
});

test('check misses a database that DATABASES names', async () => {
  const { exitCode, stderr } = await runEntrypoint(
    { ...env, DATABASES: 'shop,crm' },
    { args: ['check', '--max-age', '1d'] },
  );
  assert.equal(exitCode, 79, stderr);
  assert.match(stderr, /no fresh backup of crm, shop/);
});

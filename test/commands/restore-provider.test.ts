import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { custom, refused, stored } from './shop.ts';
import { rewritten } from './stored.ts';

/** A database as a provider makes one: its owner is no superuser, and extensions belong to somebody else. */
async function provided(sql = ''): Promise<{ name: string; variables: { TARGET_DATABASE_URL: string } }> {
  const { name } = await stored.target();
  await stored.postgres.psql(
    `DO $$ BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object THEN END $$; ALTER DATABASE ${name} OWNER TO app`,
  );
  await stored.postgres.psql(`CREATE EXTENSION hstore; ${sql}`, name);
  return { name, variables: { TARGET_DATABASE_URL: stored.postgres.url(name, { user: 'app' }) } };
}

describe('into a database of a provider, by an owner who is no superuser', () => {
  const comment =
    /^COMMENT EXTENSION hstore +the extension is there and belongs to somebody else, and only its owner may comment/m;

  test('all comes back, and what was left out is told', async () => {
    const target = await provided();
    const run = await stored.run(['restore', custom().id], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, comment);
    assert.match(run.stderr, /WARN: leaving out COMMENT EXTENSION hstore: the extension is there/);
    assert.equal(await stored.postgres.psql('SELECT count(*) FROM sales.orders', target.name), '20000');
  });

  test('with several sessions too', async () => {
    const target = await provided();
    const run = await stored.run(['restore', custom().id, '--jobs', '2'], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, comment);
  });

  test('--clean keeps the extension, and compares rows but no numbers of objects', async () => {
    const target = await provided('CREATE TABLE public.besides (i int)');
    await stored.postgres.psql('CREATE TABLE customers (mine int); ALTER TABLE customers OWNER TO app', target.name);
    const run = await stored.run(['restore', custom().id, '--clean', '--confirm', target.name], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /^EXTENSION hstore +the extension is there and .* only its owner may drop it$/m);
    assert.match(run.stdout, /^table public\.customers +100 +100 +same$/m);
    assert.match(run.stdout, /^extension hstore +there +there +same$/m);
    assert.match(run.stdout, /^tables +3 +not compared: the target held other objects before$/m);
    assert.match(run.stdout, /no difference; \d+ not compared$/m);
  });

  test('comments on what has to be quoted, as uuid-ossp has, are left out too', async () => {
    const place = `CREATE SCHEMA "An ""odd"" place"`;
    await stored.postgres.createDatabase('quoted');
    await stored.postgres.psql(
      `CREATE EXTENSION "uuid-ossp"; ${place}; COMMENT ON SCHEMA "An ""odd"" place" IS 'odd'; CREATE TABLE t (i int)`,
      'quoted',
    );
    const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('quoted') });
    assert.equal(backup.exitCode, 0, backup.stderr);
    const target = await provided(`CREATE EXTENSION "uuid-ossp"; ${place}`);
    const run = await stored.run(['restore', 'latest', '--database', 'quoted'], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /^COMMENT EXTENSION "uuid-ossp" +the extension is there and belongs to somebody else/m);
    assert.match(run.stdout, /^COMMENT SCHEMA "An ""odd"" place" +the schema is there and belongs to somebody else/m);
  });

  test('fault 70: an extension that only a superuser may create is told, and nothing is left', async () => {
    await stored.postgres.psql('CREATE EXTENSION file_fdw', 'other');
    const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('other') });
    assert.equal(backup.exitCode, 0, backup.stderr);
    const target = await provided();
    const run = await stored.run(['restore', 'latest', '--database', 'other'], target.variables);
    assert.equal(run.exitCode, 65, run.stderr);
    assert.match(run.stderr, /permission denied to create extension "file_fdw"[^]*HINT: Install the extension/);
  });
});

test('what a server may refuse at the end of a load is told before it', async () => {
  await stored.postgres.psql(
    `CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
     CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION f(); DROP EXTENSION IF EXISTS file_fdw`,
    'other',
  );
  const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('other') });
  assert.equal(backup.exitCode, 0, backup.stderr);
  const target = await provided();
  const restore = ['restore', 'latest', '--database', 'other'];
  const run = await stored.run(restore, target.variables);
  assert.equal(run.exitCode, 65, run.stderr);
  assert.match(run.stderr, /app is no superuser, and the server may refuse EVENT TRIGGER watch/);
  assert.match(run.stderr, /permission denied to create event trigger "watch"[^]*HINT: .*--leave-out 'EVENT TRIGGER'/);
  const less = await stored.run([...restore, '--leave-out', 'event trigger'], target.variables);
  assert.equal(less.exitCode, 0, less.stderr);
  assert.doesNotMatch(less.stderr, /may refuse/);
  assert.match(less.stdout, /^eventTriggers +1 +not compared: some were left out$/m);
});

describe('a schema that is there already', () => {
  test('is left out and told where it is empty and the dump has it', async () => {
    const target = await provided('CREATE SCHEMA sales AUTHORIZATION app');
    const run = await stored.run(['restore', custom().id], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /^SCHEMA sales +the schema is there already$/m);
    assert.match(run.stdout, /^schemas +1 +1 +same$/m);
  });

  for (const [what, sql, told] of [
    ['that the dump does not have', 'CREATE SCHEMA mine', /it holds 1 schema\b/],
    ['with something in it', 'CREATE SCHEMA sales CREATE VIEW v AS SELECT 1', /it holds 1 view\b/],
  ] as const) {
    test(`fault 68: refused is one ${what}`, async () => {
      const target = await provided(sql);
      const run = await stored.run(['restore', custom().id], target.variables);
      assert.equal(run.exitCode, 73, run.stderr);
      assert.match(run.stderr, told);
    });
  }
});

test('fault 69: missing extensions and roles are named together', async () => {
  const { contents } = custom().manifest;
  const extensions = [...contents.extensions, { name: 'no_such_thing', version: '1', schema: 'public' }];
  const changed = { ...contents, extensions, roles: [...contents.roles, 'nobody_here'] };
  writeFileSync(join(custom().folder, 'manifest.json'), rewritten(custom().manifest, { contents: changed }).manifest);
  const told = /the target server lacks the extensions no_such_thing and the roles nobody_here/;
  await refused(['restore', custom().id, '--with-owners'], {}, 65, told);
});

test('a table with an estimate is listed as not compared', async () => {
  const { contents } = custom().manifest;
  const tables = contents.tables.map((table) => (table.name === 'notes' ? { ...table, exact: false } : table));
  const { manifest } = rewritten(custom().manifest, { contents: { ...contents, tables } });
  writeFileSync(join(custom().folder, 'manifest.json'), manifest);
  const target = await stored.target();
  const run = await stored.run(['restore', custom().id], target.variables);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.match(run.stdout, /^table public\.notes +about 20,000 +not compared: the manifest has only an estimate$/m);
  assert.match(run.stdout, /no difference; 1 not compared$/m);
});

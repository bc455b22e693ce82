import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import pg from 'pg';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { age, custom, encrypted, flip, otherAge, plain, refused, stored } from './shop.ts';
import { keyFiles, nothing, rewritten } from './stored.ts';

describe('a backup comes back', () => {
  for (const [what, backup, variables] of [
    ['custom', custom, {}],
    ['encrypted', encrypted, age],
    ['plain', plain, {}],
  ] as const) {
    test(`${what}, by its id, without DATABASE_URL, and the comparison is printed`, async () => {
      const target = await stored.target();
      const run = await stored.run(['restore', backup().id], { ...target.variables, ...variables });
      assert.equal(run.exitCode, 0, run.stderr);
      assert.match(run.stdout, /^COMPARED +BACKUP +RESTORED$/m);
      assert.match(run.stdout, /^table sales\.orders +20,000 +20,000 +same$/m);
      assert.match(run.stdout, /^extension hstore +there +there +same$/m);
      assert.match(run.stdout, /comparisons with the manifest, no difference\n$/);
      assert.doesNotMatch(run.stderr, /WARN/);
      assert.equal(await stored.postgres.psql('SELECT count(*) FROM sales.orders', target.name), '20000');
    });
  }
});
describe('the target stays as it was', () => {
  test('fault 65: with a wrong key', async () => {
    await refused(['restore', encrypted().id], otherAge, 78, /AGE_IDENTITY does not/);
  });
  test('fault 65: without a key', async () => {
    await refused(['restore', encrypted().id], {}, 78, /AGE_IDENTITY is not set/);
  });
  for (const [what, cut] of [
    ['at the edge of a chunk', 200 + 16 + 65_536 + 16],
    ['inside a chunk', 200 + 100_000],
  ] as const) {
    test(`fault 66: with a ciphertext that ends ${what}`, async () => {
      truncateSync(encrypted().artifact, cut);
      await refused(['restore', encrypted().id], age, 76, /database\.dump\.zst\.age has \d+ bytes, but the manifest/);
    });
  }
  for (const [what, backup, variables] of [
    ['a custom', custom, {}],
    ['an encrypted', encrypted, age],
    ['a plain', plain, {}],
  ] as const) {
    for (const at of [150, 200_000, -1]) {
      test(`fault 67: with ${what} dump whose byte ${at} is flipped`, async () => {
        flip(backup().artifact, at);
        await refused(['restore', backup().id], variables, 76, /has the SHA-256 \w+, but the manifest records/);
      });
    }
  }
  test('with the artifacts of two backups swapped', async () => {
    copyFileSync(custom().artifact, encrypted().artifact);
    await refused(['restore', encrypted().id], age, 76, /but the manifest records/);
  });
  test('with the manifest of another backup', async () => {
    copyFileSync(join(custom().folder, 'manifest.json'), join(encrypted().folder, 'manifest.json'));
    await refused(['restore', encrypted().id], age, 76, /is the manifest of shop/);
  });
  test('with a manifest of a newer version', async () => {
    const file = join(custom().folder, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"schemaVersion": 1', '"schemaVersion": 4'));
    await refused(['restore', custom().id], {}, 76, /has schema version 4/);
  });
  test('with a missing object', async () => {
    rmSync(custom().artifact);
    await refused(['restore', custom().id], {}, 76, /database\.dump\.zst is missing, but the manifest records it/);
  });
  test('fault 69: with a missing extension, named', async () => {
    const { contents } = custom().manifest;
    const extensions = [...contents.extensions, { name: 'no_such_thing', version: '1', schema: 'public' }];
    const { manifest } = rewritten(custom().manifest, { contents: { ...contents, extensions } });
    writeFileSync(join(custom().folder, 'manifest.json'), manifest);
    await refused(['restore', custom().id], {}, 65, /lacks the extensions no_such_thing/);
  });
  test('fault 69: with owners, and a missing role, named', async () => {
    await stored.postgres.psql('ALTER ROLE shop_owner RENAME TO renamed');
    try {
      await refused(['restore', custom().id, '--with-owners'], {}, 65, /lacks the roles shop_owner/);
    } finally {
      await stored.postgres.psql('ALTER ROLE renamed RENAME TO shop_owner');
    }
  });
  for (const backup of [custom, plain]) {
    test(`fault 70: after an error in the middle (${backup === custom ? 'custom' : 'plain'})`, async () => {
      // Something that the preflight does not count stands in the way.
      const target = await stored.target();
      await stored.postgres.psql(
        `CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
           IF EXISTS (SELECT FROM pg_class WHERE relname = 'notes') THEN RAISE EXCEPTION 'not here'; END IF; END $$;
         CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION public.refuse()`,
        target.name,
      );
      const kept = await stored.held(target.name);
      const variables = { ...target.variables };
      const filled = await stored.run(['restore', backup().id], variables);
      assert.equal(filled.exitCode, 73, filled.stderr);
      assert.match(filled.stderr, /is not empty: it holds 1 function, 1 event trigger\b/);
      if (backup === custom) {
        const run = await stored.run(['restore', backup().id, '--clean', '--confirm', target.name], variables);
        assert.equal(run.exitCode, 65, run.stderr);
        assert.match(run.stderr, /pg_restore failed with exit code 1: .*not here/);
      }
      assert.equal(await stored.held(target.name), kept);
    });
  }
});

test('fault 68: a target that is not empty is refused and told, unless it is cleaned with its name', async () => {
  const target = await stored.target();
  await stored.postgres.psql('CREATE TABLE customers AS SELECT 1 AS mine', target.name);
  for (const [args, told] of [
    [[], /is not empty: it holds 1 table\b/],
    [['--clean'], /add --confirm target_/],
    [['--clean', '--confirm', 'shop'], /add --confirm target_/],
  ] as const) {
    const run = await stored.run(['restore', custom().id, ...args], target.variables);
    assert.equal(run.exitCode, 73, run.stderr);
    assert.match(run.stderr, told);
    assert.equal(await stored.postgres.psql('SELECT mine FROM customers', target.name), '1');
  }
  const run = await stored.run(['restore', custom().id, '--clean', '--confirm', target.name], target.variables);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.equal(await stored.postgres.psql('SELECT count(*) FROM customers', target.name), '100');
});

test('the source is refused, also by another name of its host', async () => {
  const DATABASE_URL = stored.postgres.url('shop');
  for (const TARGET_DATABASE_URL of [DATABASE_URL, DATABASE_URL.replace('127.0.0.1', '127.1')]) {
    const args = ['restore', custom().id, '--clean', '--confirm', 'shop'];
    const run = await stored.run(args, { DATABASE_URL, TARGET_DATABASE_URL });
    assert.equal(run.exitCode, 73, run.stderr);
    assert.match(run.stderr, /TARGET_DATABASE_URL is the database that is backed up/);
  }
});

test('a new database is made, and owners are kept where asked for', async () => {
  const variables = { TARGET_DATABASE_URL: stored.postgres.url('made "here"') };
  const run = await stored.run(['restore', custom().id, '--create', '--with-owners'], variables);
  assert.equal(run.exitCode, 0, run.stderr);
  const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'customers'";
  assert.equal(await stored.postgres.psql(owner, 'made "here"'), 'shop_owner');
});

test("a schema's name in another encoding than UTF-8 is no obstacle", async () => {
  const latin = "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'";
  await stored.postgres.psql(`CREATE DATABASE latin ${latin}`);
  await stored.postgres.psql('CREATE SCHEMA "ü"; CREATE TABLE "ü"."tä" AS SELECT \'é\'::text AS a', 'latin');
  const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('latin') });
  assert.equal(backup.exitCode, 0, backup.stderr);
  const run = await stored.run(['restore', 'latest', '--database', 'latin', '--create'], {
    TARGET_DATABASE_URL: stored.postgres.url('latin_restored'),
  });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.match(run.stdout, /^table ü\.tä +1 +1 +same$/m);
});

test('text that ICU sorts is sorted by ICU in the database that is made, and in a drill', async () => {
  if (stored.postgres.major < 15) return;
  await stored.postgres.psql(
    "CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C.UTF-8'",
  );
  await stored.postgres.psql(
    `CREATE TABLE words (word text) PARTITION BY RANGE (word);
     CREATE TABLE words_a PARTITION OF words FOR VALUES FROM ('a') TO ('o'); INSERT INTO words VALUES ('ä'), ('N')`,
    'sorted',
  );
  const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('sorted') });
  assert.equal(backup.exitCode, 0, backup.stderr);
  const choice = ['latest', '--database', 'sorted'];
  const run = await stored.run(['restore', ...choice, '--create'], {
    TARGET_DATABASE_URL: stored.postgres.url('sorted_restored'),
  });
  assert.equal(run.exitCode, 0, run.stderr);
  const drill = await stored.run(['drill', ...choice], {});
  assert.equal(drill.exitCode, 0, drill.stdout + drill.stderr);
});

test('the owner of the schema public comes back where owners are asked for', async () => {
  await stored.postgres.createDatabase('public_owned');
  await stored.postgres.psql('ALTER SCHEMA public OWNER TO shop_owner; CREATE TABLE t (i int)', 'public_owned');
  const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('public_owned') });
  assert.equal(backup.exitCode, 0, backup.stderr);
  const target = await stored.target();
  const args = ['restore', 'latest', '--database', 'public_owned', '--with-owners'];
  const run = await stored.run(args, target.variables);
  assert.equal(run.exitCode, 0, run.stderr);
  const owner = "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'";
  assert.equal(await stored.postgres.psql(owner, target.name), 'shop_owner');
});

test('fault 71: a count that differs from the manifest ends with 76 and shows where', async () => {
  const { contents } = custom().manifest;
  const tables = contents.tables.map((table) => (table.name === 'notes' ? { ...table, rows: 20_001 } : table));
  const { manifest } = rewritten(custom().manifest, { contents: { ...contents, tables } });
  writeFileSync(join(custom().folder, 'manifest.json'), manifest);
  const target = await stored.target();
  const run = await stored.run(['restore', custom().id], target.variables);
  assert.equal(run.exitCode, 76, run.stderr);
  assert.match(run.stdout, /^table public\.notes +20,001 +20,000 +DIFFERENT$/m);
});

test('nobody listens where the target should be', async () => {
  const TARGET_DATABASE_URL = `postgresql://postgres@127.0.0.1:${await freePort()}/x`;
  const run = await stored.run(['restore', 'latest'], { TARGET_DATABASE_URL });
  assert.equal(run.exitCode, 69, run.stderr);
});

for (const backup of [custom, encrypted, plain]) {
  test(`SIGTERM in the middle leaves nothing behind (${['custom', 'encrypted', 'plain'][[custom, encrypted, plain].indexOf(backup)]!})`, async () => {
    const target = await stored.target();
    // The restore waits in its transaction for a lock that somebody holds on a catalog.
    const lock = 'BEGIN; LOCK TABLE pg_catalog.pg_description IN SHARE MODE';
    const holder = new pg.Client(stored.postgres.url(target.name));
    holder.on('error', () => undefined);
    await holder.connect();
    await holder.query(lock);
    const run = stored.start(['restore', backup().id], { ...target.variables, ...age });
    const waiting = `SELECT count(*) FROM pg_locks WHERE NOT granted`;
    await until('it waits', async () => (await stored.postgres.psql(waiting)) !== '0');
    run.signal('SIGTERM');
    const { exitCode, leftBehind, stderr } = await run.ended;
    await holder.end();
    assert.equal(exitCode, 143, stderr);
    assert.deepEqual(leftBehind, []);
    const sessions = `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pg-offsite%'`;
    await until('no session is left', async () => (await stored.postgres.psql(sessions)) === '0');
    assert.equal(await stored.held(target.name), nothing);
    assert.deepEqual(keyFiles(age), []);
  });
}

test('a database without the schema public comes back without a difference', async () => {
  await stored.postgres.createDatabase('bare');
  await stored.postgres.psql('DROP SCHEMA public; CREATE SCHEMA a; CREATE TABLE a.b AS SELECT 1', 'bare');
  const backup = await stored.run([], { DATABASE_URL: stored.postgres.url('bare') });
  assert.equal(backup.exitCode, 0, backup.stderr);
  const target = await stored.target();
  const run = await stored.run(['restore', 'latest', '--database', 'bare'], target.variables);
  assert.equal(run.exitCode, 0, run.stdout + run.stderr);
});

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { backUp, encrypted, globalsOf, otherKey, restore, sourceServer, stored } from './globals-scene.ts';

describe('restore --globals', () => {
  test('brings roles, memberships, settings, owners and grants to a new server, and a second time changes nothing', async () => {
    const { place, result, run } = await backUp(encrypted);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(result.globals, 'with passwords');
    const { manifest } = stored(place);
    assert.equal(manifest.schemaVersion, 2);
    assert.deepEqual(manifest.globals, { passwords: true });
    assert.deepEqual(
      manifest.artifacts.map(({ key: file, kind }) => `${kind} ${file}`),
      ['dump database.dump.zst.age', 'globals globals.sql.zst.age'],
    );
    await using target = await startPostgres();
    const first = await restore(place, target.url('shop_again'), ['--create', '--globals', '--with-owners']);
    assert.equal(first.exitCode, 0, first.stdout + first.stderr);
    assert.match(first.stdout, /roles created: admin \(superuser\), app, app_owner, managed, new\\nline, odd /);
    assert.match(first.stdout, /there already, not changed: postgres/);
    const whole = await globalsOf(sourceServer());
    assert.equal(await globalsOf(target), whole);
    const inDatabase = `SELECT setrole::regrole, unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname LIKE 'shop%' ORDER BY 1, 2`;
    assert.equal(await target.psql(inDatabase), await sourceServer().psql(inDatabase));
    const owned = `SELECT nspname, nspowner::regrole, nspacl FROM pg_namespace WHERE nspname = 'sales' UNION ALL
      SELECT relname, relowner::regrole, relacl FROM pg_class WHERE relname = 'orders' UNION ALL
      SELECT 'default', defaclrole::regrole, defaclacl FROM pg_default_acl`;
    assert.equal(await target.psql(owned, 'shop_again'), await sourceServer().psql(owned, 'shop'));

    await target.psql(
      `ALTER ROLE app PASSWORD 'changed' CONNECTION LIMIT 1; ALTER DATABASE shop_again SET search_path TO mine`,
    );
    await target.psql('REVOKE app_owner FROM app');
    const changed = [await globalsOf(target), await target.psql(inDatabase)];
    const again = await restore(place, target.url('shop_again'), [
      '--globals',
      '--with-owners',
      '--clean',
      '--confirm',
      'shop_again',
    ]);
    assert.notEqual(again.exitCode, 0, 'the database forbids to write, as that of the source did');
    assert.match(again.stdout, /roles created: none\nmemberships granted: 0\nthere already, not changed: admin, app, /);
    assert.deepEqual([await globalsOf(target), await target.psql(inDatabase)], changed);
  });

  test('without --with-owners the login owns everything; --globals-only touches no database', async () => {
    const { place } = await backUp(encrypted);
    await using target = await startPostgres();
    const only = await restore(place, target.url('postgres'), ['--globals-only']);
    assert.equal(only.exitCode, 0, only.stdout + only.stderr);
    assert.equal(await globalsOf(target), await globalsOf(sourceServer()));
    assert.equal(await target.psql(`SELECT count(*) FROM pg_db_role_setting WHERE setdatabase <> 0`), '0');
    const run = await restore(place, target.url('shop'), ['--create', '--globals']);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.equal(
      await target.psql(`SELECT relowner::regrole FROM pg_class WHERE relname = 'orders'`, 'shop'),
      'postgres',
    );
  });

  test('a login that may not read passwords stores the roles without them, and says so', async () => {
    const { place, result, run } = await backUp({ ...encrypted, GLOBALS: 'on' }, 'managed');
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(result.globals, 'without passwords');
    assert.deepEqual(result.warnings, []);
    assert.deepEqual(stored(place).manifest.globals, { passwords: false });
    assert.match(run.stderr, /without passwords: this login may not read them/);
    await using target = await startPostgres();
    const restored = await restore(place, target.url('shop'), ['--create', '--globals', '--with-owners']);
    assert.equal(restored.exitCode, 0, restored.stdout + restored.stderr);
    assert.match(restored.stdout, /without a password, to be set with ALTER ROLE … PASSWORD: admin, app, /);
    const options = '--no-role-passwords';
    assert.equal(await globalsOf(target, options), await globalsOf(sourceServer(), options));
  });

  test('where backups are not encrypted no password is stored', async () => {
    const { place, result } = await backUp({ COMPRESSION: 'none' });
    assert.equal(result.globals, 'without passwords');
    const script = readFileSync(join(stored(place).folder, 'globals.sql'), 'utf8');
    assert.match(script, /^ALTER ROLE app WITH .* LOGIN/m);
    assert.doesNotMatch(script, /SCRAM|PASSWORD/);
  });

  test('a login that is no superuser makes the roles that it may, and the rest is told', async () => {
    const { place } = await backUp(encrypted);
    await using target = await startPostgres();
    await target.psql('CREATE ROLE master LOGIN CREATEROLE CREATEDB');
    const run = await restore(place, target.url('shop', { user: 'master' }), ['--create', '--globals']);
    assert.equal(run.exitCode, 65, run.stdout + run.stderr);
    assert.match(run.stdout, /not restored: role admin: must be superuser to create superusers/);
    assert.match(run.stderr, /restored shop \S+ into shop, but not all roles and settings: /);
    assert.equal(await target.psql('SELECT count(*) FROM sales.orders', 'shop'), '50');
    assert.equal(
      await target.psql(
        `SELECT string_agg(rolname, ',' ORDER BY rolname COLLATE "C") FROM pg_roles WHERE rolname LIKE 'app%'`,
      ),
      'app,app_owner',
    );
    assert.equal(await target.psql(`SELECT pg_has_role('app', 'app_owner', 'MEMBER')`), 't');
  });

  test('nothing is created where the target is refused', async () => {
    const { place } = await backUp(encrypted);
    await using target = await startPostgres();
    await target.createDatabase('filled');
    await target.psql('CREATE TABLE mine ()', 'filled');
    const untouched = await globalsOf(target);
    const run = await restore(place, target.url('filled'), ['--globals', '--with-owners']);
    assert.equal(run.exitCode, 73, run.stderr);
    assert.equal(await globalsOf(target), untouched);
    const wrong = await restore(place, target.url('postgres'), ['--globals-only'], otherKey);
    assert.equal(wrong.exitCode, 78, wrong.stderr);
    assert.match(wrong.stderr, /AGE_IDENTITY/);
    const mixed = await restore(place, target.url('postgres'), ['--globals-only', '--create']);
    assert.equal(mixed.exitCode, 64, mixed.stderr);
    assert.equal(await globalsOf(target), untouched);
  });

  test('a backup without globals is told so', async () => {
    const { place, result } = await backUp({ GLOBALS: 'off' });
    assert.equal(result.globals, 'none');
    assert.equal(stored(place).manifest.schemaVersion, 1);
    const run = await restore(place, sourceServer().url('postgres'), ['--globals-only']);
    assert.equal(run.exitCode, 64);
    assert.match(run.stderr, /has no roles and settings beside the dump/);
  });

  test('tablespaces come where their folder is there, and are told where it is not', async () => {
    const folders = [temporaryFolder(), temporaryFolder()] as const;
    await runCommand('chown', ['-R', '--reference', sourceServer().dataDir, ...folders]);
    await sourceServer().psql(`CREATE TABLESPACE fast OWNER app LOCATION '${folders[0]}'`);
    await sourceServer().psql(`CREATE TABLESPACE "gone;" LOCATION '${folders[1]}'`);
    await sourceServer().psql(
      `ALTER TABLESPACE fast SET (random_page_cost = 1.5, seq_page_cost = 1e2); GRANT CREATE ON TABLESPACE fast TO app_owner; COMMENT ON TABLESPACE fast IS 'quick'`,
    );
    const spaces = `SELECT spcname, spcowner::regrole, spcacl, spcoptions, shobj_description(oid, 'pg_tablespace')
      FROM pg_tablespace WHERE spcname = 'fast'`;
    const was = await sourceServer().psql(spaces);
    const { place } = await backUp(encrypted);
    await sourceServer().psql('DROP TABLESPACE "gone;"');
    await sourceServer().psql('DROP TABLESPACE fast');
    rmSync(folders[1], { recursive: true });
    await using target = await startPostgres();
    const first = await restore(place, target.url('postgres'), ['--globals-only']);
    assert.equal(first.exitCode, 0, first.stdout + first.stderr);
    assert.match(first.stdout, /tablespaces created: fast\n/);
    assert.match(first.stdout, /not restored: tablespace gone;: directory ".*" does not exist/);
    assert.equal(await target.psql(spaces), was);
    const again = await restore(place, target.url('postgres'), ['--globals-only']);
    assert.equal(again.exitCode, 0, again.stderr);
    assert.match(again.stdout, /not changed: .*fast/);
  });
});

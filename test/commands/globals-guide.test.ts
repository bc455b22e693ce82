import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runGuide } from '../support/restore-by-guide.ts';
import { backUp, encrypted, globalsOf, key, sourceServer, stored } from './globals-scene.ts';

const owned = `SELECT relname, relowner::regrole, relacl FROM pg_class WHERE relname = 'orders'`;
const settings = `SELECT setrole::regrole, unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase <> 0 ORDER BY 1, 2`;

async function byHand(server: TestPostgres, changes: Readonly<Record<string, string>> = encrypted) {
  const { place } = await backUp(changes);
  const { folder } = stored(place);
  const guide = readFileSync(join(folder, 'RESTORE.md'), 'utf8');
  const home = temporaryFolder();
  writeFileSync(join(home, 'key.txt'), `${key.AGE_IDENTITY}\n`, { mode: 0o600 });
  const blocks = [...guide.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const variables = { ...server.env, PGDATABASE: 'shop_again', AGE_IDENTITY_FILE: join(home, 'key.txt') };
  return {
    guide,
    /** Its block about roles, as it stands, in a copy of the backup's folder. */
    roles: () => {
      assert.equal(blocks.length, 1);
      cpSync(folder, home, { recursive: true });
      return runGuide(`\`\`\`sh\n${blocks[0] ?? ''}\`\`\`\n`, { folder: home, variables });
    },
    /** Its commands for the database, less what a reader is told to leave out. */
    database: () =>
      runGuide(guide, {
        folder: home,
        variables: { ...variables, PGOPTIONS: '-c default_transaction_read_only=off' },
        edit: (commands) => commands.replace('--no-owner --no-privileges ', ''),
      }),
  };
}

describe('RESTORE.md of a backup with globals', () => {
  test('its commands bring back roles, settings, owners and grants', async () => {
    await using target = await startPostgres();
    await target.createDatabase('shop_again');
    const guide = await byHand(target);
    const roles = await guide.roles();
    assert.equal(roles.exitCode, 0, roles.stderr);
    const errors = roles.stderr.split('\n').filter((line) => line.includes('ERROR'));
    assert.equal(errors.length, 1, roles.stderr);
    assert.match(errors[0] ?? '', /role "postgres" already exists/);
    assert.equal(await globalsOf(target), await globalsOf(sourceServer()));
    assert.equal(await target.psql(settings), await sourceServer().psql(settings));
    const database = await guide.database();
    assert.equal(database.exitCode, 0, database.stdout + database.stderr);
    assert.match(database.stdout, /^same sales.orders 50$/m);
    assert.equal(await target.psql(owned, 'shop_again'), await sourceServer().psql(owned, 'shop'));
  });

  test('a server with other roles is not touched', async () => {
    await using target = await startPostgres();
    await target.createDatabase('shop_again');
    await target.psql(`CREATE ROLE app LOGIN PASSWORD 'of today'`);
    const untouched = await globalsOf(target);
    const { exitCode, stderr } = await (await byHand(target)).roles();
    assert.equal(exitCode, 1, stderr);
    assert.match(stderr, /This server has other roles already/);
    assert.equal(await globalsOf(target), untouched);
  });

  test('a backup that is stored as it is, and one without globals', async () => {
    await using target = await startPostgres();
    await target.createDatabase('shop_again');
    const plain = await byHand(target, { COMPRESSION: 'none' });
    assert.match(plain.guide, /roles of the server \(without their passwords\)/);
    const { exitCode, stderr } = await plain.roles();
    assert.equal(exitCode, 0, stderr);
    const options = '--no-role-passwords';
    assert.equal(await globalsOf(target, options), await globalsOf(sourceServer(), options));
    const without = await byHand(target, { GLOBALS: 'off' });
    assert.match(without.guide, /Roles and their passwords .* are not in this backup/);
    assert.doesNotMatch(without.guide, /^```bash/m);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drills, proofsOf } from './drills.ts';
import { useStored } from './stored.ts';

const rename = (from: string, to: string): string =>
  `UPDATE pg_extension SET extname = '${to}' WHERE extname = '${from}'`;

/** Databases with an extension that no server has: unused, used, and in a plain dump. */
const stored = useStored(
  async (postgres) => {
    for (const name of ['unused', 'used']) {
      await postgres.createDatabase(name);
      await postgres.psql(
        `CREATE EXTENSION citext; CREATE EXTENSION hstore; COMMENT ON EXTENSION citext IS 'gone';
         CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 10)`,
        name,
      );
    }
    await postgres.psql('ALTER TABLE orders ADD words citext', 'used');
    for (const name of ['unused', 'used']) await postgres.psql(rename('citext', 'No such'), name);
  },
  [{ database: 'unused' }, { database: 'used' }, { database: 'unused', variables: { BACKUP_FORMAT: 'plain' } }],
);
const [unused, used, plain] = [0, 1, 2].map((index) => () => stored.backups[index]!);

describe('an extension that the scratch server lacks', () => {
  test('the drill could not run, which is recorded, and it names the extension', async () => {
    const { stdout } = await drills(stored, [unused!().id, '--database', 'unused'], 65);
    assert.match(stdout, /^could not run: unused \S+: .*lacks .*No such.*\nHINT: .*--allow-missing-extension/);
    assert.equal(proofsOf(unused!())[0]?.outcome, 'could not run');
    const listed = await stored.run(['list', '--database', 'unused']);
    assert.match(listed.stdout, new RegExp(`^${unused!().id} .* could not run$`, 'm'));
  });

  for (const flag of [['--allow-missing-extension'], ['--allow-missing-extension', 'No such']]) {
    test(`with ${flag.join(' ')} it passes without it and says so`, async () => {
      const { stdout } = await drills(stored, ['--database', 'unused', ...flag, '--', unused!().id], 0);
      assert.match(stdout, /^extension No such +there +not compared: it was left out$/m);
      assert.match(stdout, /^EXTENSION No such: left out: the scratch server lacks the extension$/m);
      assert.match(stdout, /^COMMENT EXTENSION "No such": left out/m);
      assert.match(stdout, /^passed: .* 1 not compared, without No such\n$/m);
      const [proof] = proofsOf(unused!());
      assert.deepEqual([proof?.outcome, proof?.missingExtensions], ['passed', ['No such']]);
    });
  }

  test('with the flag for another one it could not run', async () => {
    await drills(stored, [unused!().id, '--database', 'unused', '--allow-missing-extension', 'other'], 65);
  });

  test('where a table needs it the drill could not run, whatever was allowed', async () => {
    const { stdout } = await drills(stored, ['latest', '--database', 'used', '--allow-missing-extension'], 65);
    assert.match(
      stdout,
      /^could not run: used \S+: the scratch server lacks the extension No such; pg_restore failed/m,
    );
    assert.equal(proofsOf(used!())[0]?.outcome, 'could not run');
  });

  test('nothing of a plain dump can be left out', async () => {
    const { stdout } = await drills(stored, [plain!().id, '--database', 'unused', '--allow-missing-extension'], 65);
    assert.match(stdout, /^could not run: unused \S+: .*No such/m);
  });
});

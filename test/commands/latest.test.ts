import assert from 'node:assert/strict';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { drills, proofsOf } from './drills.ts';
import { useStored } from './stored.ts';

/* What `latest` means where there are several databases. */

const stored = useStored(
  async (postgres) => {
    for (const name of ['shop', 'crm']) {
      await postgres.createDatabase(name);
      await postgres.psql('CREATE TABLE notes AS SELECT i FROM generate_series(1, 100) i', name);
    }
  },
  [{ database: 'shop' }, { database: 'crm' }, { database: 'shop' }],
);
const [older, crm, shop] = [() => stored.backups[0]!, () => stored.backups[1]!, () => stored.backups[2]!];

describe('verify', () => {
  test('looks at the latest of each database that DATABASES names, and says which has none', async () => {
    const good = await stored.run(['verify'], { DATABASES: 'shop,crm' });
    assert.equal(good.exitCode, 0, good.stdout + good.stderr);
    const looked = [...good.stdout.matchAll(/^ok {4}(\S+ \S+) /gm)].map(([, name]) => name);
    assert.deepEqual(looked, [`shop ${shop().id}`, `crm ${crm().id}`]);
    const named = await stored.run(['verify', 'latest', '--json'], { DATABASES: 'none,crm' });
    assert.equal(named.exitCode, 64, named.stdout);
    const [none, other, end] = named.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual([none?.['database'], none?.['id'], none?.['ok']], ['none', null, false]);
    assert.match(String(none?.['error']), /holds no complete backup of none$/);
    assert.deepEqual([other?.['database'], other?.['ok']], ['crm', true]);
    assert.deepEqual(end, { summary: { backups: 2, ok: 1, failed: 1, notDecrypted: 0 } });
  });

  test('with * at every one that has a backup, and ends with the worst exit code', async () => {
    truncateSync(crm().artifact, 10);
    const run = await stored.run(['verify', 'latest'], { DATABASES: '*' });
    assert.equal(run.exitCode, 76, run.stdout);
    assert.match(run.stdout, new RegExp(`^FAIL  crm ${crm().id} [^]*^ok    shop ${shop().id} `, 'm'));
    const one = await stored.run(['verify', 'latest', '--database', 'shop'], { DATABASES: '*' });
    assert.equal(one.exitCode, 0, one.stdout);
  });

  test('an id is one backup, whatever DATABASES says', async () => {
    const run = await stored.run(['verify', older().id], { DATABASES: 'crm,shop' });
    assert.equal(run.exitCode, 0, run.stdout);
    assert.match(run.stdout, new RegExp(`^ok    shop ${older().id} .*\n1 ok, 0 failed\n$`));
  });
});

test('without DATABASES the refusal names what to add', async () => {
  for (const command of ['verify', 'drill']) {
    const { exitCode, stderr } = await stored.run([command, 'latest']);
    assert.equal(exitCode, 64, stderr);
    assert.match(stderr, /several databases: \S+, \S+\n.*HINT: Say which one with --database NAME, or --all for every/);
  }
});

describe('drill', () => {
  test('drills the latest of each database that DATABASES names', async () => {
    rmSync(join(crm().folder, 'manifest.json'));
    const { stdout } = await drills(stored, [], 64, { DATABASES: 'crm,shop' });
    assert.match(
      stdout,
      /^could not run: crm: .* holds no complete backup of crm\n[^]*\npassed: shop [^]*\n1 of 2 drills passed\n$/,
    );
    assert.deepEqual([proofsOf(shop())[0]?.outcome, proofsOf(older()).length], ['passed', 0]);
  });

  test('--all drills the latest of every database of the store', async () => {
    const { stdout } = await drills(stored, ['--all', '--json'], 0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.map(({ database, id, outcome, exitCode }) => [database, id, outcome, exitCode]),
      [
        ['crm', crm().id, 'passed', 0],
        ['shop', shop().id, 'passed', 0],
      ],
    );
    const both = await stored.run(['drill', 'latest', '--all']);
    assert.equal(both.exitCode, 64);
    assert.match(both.stderr, /drill takes one backup, or --all/);
  });
});

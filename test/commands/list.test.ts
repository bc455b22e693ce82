import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { useStored } from './stored.ts';

const stored = useStored(
  async (postgres) => {
    for (const name of ['shop', 'other']) await postgres.createDatabase(name);
    await postgres.psql('CREATE TABLE notes AS SELECT generate_series(1, 1234)', 'shop');
  },
  [{ database: 'shop' }, { database: 'other' }],
);

test('a table of all backups, oldest first', async () => {
  const { exitCode, stdout, stderr } = await stored.run(['list']);
  assert.equal(exitCode, 0, stderr);
  const [titles, ...rows] = stdout.trimEnd().split('\n');
  assert.match(titles ?? '', /^ID +DATABASE +AGE +SIZE +TOOK +ROWS +VERIFIED +PROVED$/);
  assert.equal(rows.length, 2);
  const shop = rows.find((row) => row.includes(' shop ')) ?? '';
  assert.match(shop, new RegExp(`^${stored.backups[0]!.id} +shop +.* 1,234 +head$`));
});

test('one database, for scripts', async () => {
  const { stdout } = await stored.run(['list', '--json', '--database', 'shop']);
  const { backups, ...rest } = JSON.parse(stdout) as { backups: Record<string, unknown>[]; location: string };
  assert.deepEqual(rest, { location: `file://${stored.place}` });
  const { id, manifest } = stored.backups[0]!;
  assert.deepEqual(
    backups.map((backup) => [backup['id'], backup['rows'], backup['bytes'], backup['verified']]),
    [[id, 1234, manifest.artifacts[0]!.bytes, 'head']],
  );
});

test('what is no backup is shown with --all only, and never counted', async () => {
  const { folder, id } = stored.backups[0]!;
  rmSync(join(folder, 'manifest.json'));
  mkdirSync(join(stored.place, 'holiday'));
  writeFileSync(join(stored.place, 'holiday', 'picture.jpg'), '');
  const plain = await stored.run(['list']);
  assert.equal(plain.exitCode, 0);
  assert.doesNotMatch(plain.stdout, new RegExp(`${id}|picture`));
  const all = await stored.run(['list', '--all']);
  assert.match(all.stdout, new RegExp(`^incomplete, no backup: shop/${id}/$`, 'm'));
  assert.match(all.stdout, /^not ours: holiday\/picture\.jpg$/m);
  const json = JSON.parse((await stored.run(['list', '--all', '--json'])).stdout) as Record<string, unknown[]>;
  assert.equal(json['backups']?.length, 1);
  assert.deepEqual(json['incomplete'], [`shop/${id}/`]);
  assert.deepEqual(json['foreign'], ['holiday/picture.jpg']);
});

test('a damaged manifest is shown as one and hides no other backup', async () => {
  const { folder, id } = stored.backups[0]!;
  writeFileSync(join(folder, 'manifest.json'), '{');
  const { exitCode, stdout } = await stored.run(['list']);
  assert.equal(exitCode, 0);
  assert.match(stdout, new RegExp(`^${id} +shop .*manifest damaged$`, 'm'));
  assert.match(stdout, new RegExp(`^${stored.backups[1]!.id} +other .*head$`, 'm'));
  const json = JSON.parse((await stored.run(['list', '--json'])).stdout) as { backups: Record<string, unknown>[] };
  assert.match(String(json.backups.find((backup) => backup['id'] === id)?.['error']), /not valid JSON/);
});

test('an empty store is no error', async () => {
  rmSync(stored.place, { recursive: true });
  mkdirSync(stored.place);
  const { exitCode, stdout } = await stored.run(['list']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^no complete backup in file:/);
});

for (const args of [['list', '--nonsense'], ['list', 'latest'], ['restore'], ['verify', 'a', 'b']]) {
  test(`${args.join(' ')} is told how to write it`, async () => {
    const { exitCode, stderr } = await stored.run(args);
    assert.equal(exitCode, 64, stderr);
    assert.match(stderr, /HINT: (Usage: pg-offsite|Write restore latest)/);
  });
}

test('of several databases one must be named', async () => {
  const { exitCode, stderr } = await stored.run(['verify', 'latest']);
  assert.equal(exitCode, 64);
  assert.match(stderr, /holds backups of several databases: .*\n.*--database/);
});

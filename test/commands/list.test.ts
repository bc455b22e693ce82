import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startS3Server } from '../support/s3-server.ts';
import { rewritten, useStored } from './stored.ts';

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
  assert.match(titles ?? '', /^ID +DATABASE +OLD +SIZE +TOOK +ROWS +ENCRYPTED +TIER +VERIFIED +PROVED$/);
  assert.equal(rows.length, 2);
  const shop = rows.find((row) => row.includes(' shop ')) ?? '';
  assert.match(shop, new RegExp(`^${stored.backups[0]!.id} +shop +.* 1,234 +no +yearly +head$`));
});

test('one database, for scripts', async () => {
  const { stdout } = await stored.run(['list', '--json', '--database', 'shop']);
  const { backups, ...rest } = JSON.parse(stdout) as { backups: Record<string, unknown>[]; location: string };
  assert.deepEqual(rest, { location: `file://${stored.place}` });
  const { id, manifest } = stored.backups[0]!;
  assert.deepEqual(
    backups.map((backup) => [backup['id'], backup['rows'], backup['bytes'], backup['tier'], backup['verified']]),
    [[id, 1234, manifest.artifacts[0]!.bytes, 'yearly', 'head']],
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

test('a manifest that the store does not give away is told in the words of the store, and by the exit code', async () => {
  const server = await startS3Server();
  try {
    for (const { id, manifest, folder } of stored.backups) {
      for (const name of ['manifest.json', manifest.artifacts[0]!.key]) {
        server.put(`${manifest.database}/${id}/${name}`, readFileSync(join(folder, name)));
      }
    }
    const refusal = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
    server.fault({ operation: 'GetObject', when: ({ key }) => key.startsWith('shop/'), action: refusal });
    const variables = {
      BACKUP_DESTINATION: 's3://backups',
      S3_ENDPOINT: server.url,
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'sk',
    };
    const { exitCode, stdout } = await stored.run(['list'], variables);
    assert.equal(exitCode, 77, stdout);
    const { id } = stored.backups[0]!;
    assert.match(stdout, new RegExp(`^${id} +shop .*not read$`, 'm'));
    assert.match(stdout, new RegExp(`^${stored.backups[1]!.id} +other .*head$`, 'm'));
    assert.match(stdout, new RegExp(`^shop ${id}: could not read s3://backups/shop/.*403 AccessDenied`, 'm'));
    assert.doesNotMatch(stdout, /damaged/);
    assert.equal((await stored.run(['list', '--json'], variables)).exitCode, 77);
  } finally {
    await server.close();
  }
});

test('a manifest of a newer version is not called damaged', async () => {
  const file = join(stored.backups[0]!.folder, 'manifest.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"schemaVersion": 1', '"schemaVersion": 4'));
  const { exitCode, stdout } = await stored.run(['list']);
  assert.equal(exitCode, 0);
  assert.match(stdout, / newer manifest\n[^]*has schema version 4\n {2}.*Use a newer pg-offsite/);
});

test('a number of rows that holds an estimate is marked as one', async () => {
  const { folder, manifest } = stored.backups[0]!;
  const { contents } = manifest;
  for (const [rows, shown, exact] of [
    [7_700_000, '~7,701,234', false],
    [null, '~1,234', false],
  ] as const) {
    const tables = [...contents.tables, { schema: 'public', name: 'large', rows, exact: false }];
    writeFileSync(join(folder, 'manifest.json'), rewritten(manifest, { contents: { ...contents, tables } }).manifest);
    assert.match((await stored.run(['list'])).stdout, new RegExp(` ${shown} +no +yearly +head$`, 'm'));
    const json = await stored.run(['list', '--json', '--database', 'shop']);
    const { backups } = JSON.parse(json.stdout) as { backups: Record<string, unknown>[] };
    assert.deepEqual([backups[0]?.['rows'], backups[0]?.['rowsExact']], [1234 + (rows ?? 0), exact]);
  }
  const tables = contents.tables.map((table) => ({ ...table, rows: null, exact: false }));
  writeFileSync(join(folder, 'manifest.json'), rewritten(manifest, { contents: { ...contents, tables } }).manifest);
  assert.match((await stored.run(['list'])).stdout, / not counted +no +yearly +head$/m);
});

test('where there is no backup, it says what there is instead', async () => {
  const none = await stored.run(['list', '--database', 'shopp']);
  assert.match(none.stdout, /^no complete backup of shopp in .*\nthere are backups of other, shop\n$/);
  for (const { folder } of stored.backups) rmSync(join(folder, 'manifest.json'));
  const unfinished = await stored.run(['list']);
  assert.match(unfinished.stdout, /\n2 unfinished backups: see list --all\n$/);
  rmSync(stored.place, { recursive: true });
  mkdirSync(stored.place);
  writeFileSync(join(stored.place, 'picture.jpg'), '');
  assert.match((await stored.run(['list'])).stdout, /\n1 object there, none of them ours: is the prefix right\?\n$/);
});

test('an empty store is no error', async () => {
  rmSync(stored.place, { recursive: true });
  mkdirSync(stored.place);
  const { exitCode, stdout } = await stored.run(['list']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^no complete backup in file:.*\nnothing is stored there yet: run `backup`/);
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

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { dumpOf, type Manifest } from '../../src/catalog/manifest.ts';
import * as published from '../config/published.ts';
import { backupOf, preload, preloadObject } from '../retention/preloaded.ts';
import { runEntrypoint } from '../support/entrypoint.ts';
import { gpgHome, passphraseFile } from '../support/gpg-home.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { restore } from '../support/restore.ts';
import { startS3Server } from '../support/s3-server.ts';
import { type TestS3, useS3 } from '../support/s3.ts';
import { onlyLine } from './scene.ts';

/* The environments that other tools publish make real backups; only host, endpoint, bucket and its keys are others. */
const s3 = await useS3();
const home = gpgHome();
let postgres: TestPostgres;
const dayMs = 86_400_000;

before(async () => {
  postgres = await startPostgres({ password: 'password' });
  await postgres.psql(
    `CREATE ROLE "user" LOGIN PASSWORD 'password' IN ROLE pg_read_all_data;
     CREATE ROLE username LOGIN PASSWORD 'password' IN ROLE pg_read_all_data`,
  );
  for (const name of ['dbname', 'railway', 'database']) {
    await postgres.createDatabase(name);
    await postgres.psql(
      `CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 100) i; CREATE TABLE pattern (id int)`,
      name,
    );
  }
});
after(async () => {
  home.remove();
  await postgres.stop('immediate');
});

type Variables = Readonly<Record<string, string>>;
type Place = Pick<TestS3, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>;

/** The same environment for the servers of this test. */
function adapted(env: Variables, bucket: string, store: Place = s3): Record<string, string> {
  const here: Record<string, string> = {
    POSTGRES_HOST: postgres.host,
    POSTGRES_PORT: String(postgres.port),
    S3_BUCKET: bucket,
    S3_BUCKET_NAME: bucket,
    AWS_S3_BUCKET: bucket,
    S3_ENDPOINT: store.endpoint,
    AWS_S3_ENDPOINT: store.endpoint,
    AWS_S3_FORCE_PATH_STYLE: 'true',
    S3_ACCESS_KEY_ID: store.accessKeyId,
    S3_SECRET_ACCESS_KEY: store.secretAccessKey,
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
  };
  const changed = Object.entries(env).map(([name, value]) => {
    const url = value.replace(/@[^@/]+\//, `@${postgres.host}:${String(postgres.port)}/`);
    return [name, here[name] ?? (name.endsWith('DATABASE_URL') ? url : value)];
  });
  return Object.fromEntries([
    ...('POSTGRES_HOST' in env ? [['POSTGRES_PORT', String(postgres.port)]] : []),
    ...('AWS_S3_ENDPOINT' in env ? [] : [['S3_ENDPOINT', store.endpoint]]),
    ...('AWS_ACCESS_KEY_ID' in env ? [] : [['S3_ACCESS_KEY_ID', store.accessKeyId]]),
    ...('AWS_ACCESS_KEY_ID' in env ? [] : [['S3_SECRET_ACCESS_KEY', store.secretAccessKey]]),
    ...changed,
  ]) as Record<string, string>;
}

interface Expected {
  readonly prefix: string;
  readonly database: string;
  readonly passphrase?: string;
  /** After so many days backups go. */
  readonly days?: number;
  /** What that tool would have stored under its prefix. */
  readonly theirs: string;
  readonly tables?: string;
  readonly besides?: Readonly<Record<string, string>>;
}

const both = 'orders\npattern';
const cases: [published.Published, Expected][] = [
  [published.schickling, { prefix: 'backup/', database: 'dbname', theirs: 'dbname_2020-01-01T00:00:00Z.sql.gz' }],
  [
    published.eeshugerman,
    {
      prefix: 'backup/',
      database: 'dbname',
      passphrase: 'passphrase',
      days: 7,
      theirs: 'dbname_2020-01-01T00:00:00.dump.gpg',
    },
  ],
  [
    published.siemens,
    { prefix: 'backup/', database: 'dbname', passphrase: 'passphrase', theirs: 'dbname_2020-01-01T00:00:00.dump.gpg' },
  ],
  [published.itbm, { prefix: 'backup/', database: 'dbname', theirs: 'dbname_2020-01-01T00:00:00Z.sql.gz' }],
  [
    published.itbmFull,
    {
      prefix: 'backup/',
      database: 'dbname',
      passphrase: 'superstrongpassword',
      days: 30,
      theirs: 'dbname_2020-01-01T00:00:00Z.sql.gz.enc',
    },
  ],
  [
    published.itbmKubernetes,
    { prefix: '', database: 'dbname', days: 15, theirs: 'dbname_2020-01-01T00:00:00Z.sql.gz' },
  ],
  [
    published.railway,
    {
      prefix: 'postgres/',
      database: 'railway',
      theirs: 'backup-2020-01-01T05-00-00-000Z.tar.gz',
      tables: 'orders',
    },
  ],
  [published.render, { prefix: '', database: 'dbname', theirs: '2020/01/01/backup-04-00-00.sql.gz' }],
  [
    published.prodrigestivill,
    {
      prefix: '',
      database: 'database',
      days: 7,
      theirs: 'daily/database-20200101.sql.gz',
      besides: { S3_BUCKET: '' },
    },
  ],
];

for (const [index, [{ tool, env }, expected]] of cases.entries()) {
  const { prefix, database, passphrase, theirs, tables = both, besides = {} } = expected;
  test(`${tool}: a backup with its environment`, async () => {
    const bucket = await s3.createBucket();
    const put = (key: string, body: string): Promise<unknown> =>
      s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: prefix + key, Body: body }));
    await put(theirs, 'theirs');
    const whole = adapted({ ...env, ...besides }, bucket);
    const { exitCode, stdout, stderr } = await runEntrypoint(whole);
    assert.equal(exitCode, 0, stderr);
    const result = onlyLine(stdout);
    assert.equal(result['database'], database);
    const folder = `${prefix}${database}/${String(result['id'])}/`;
    assert.equal(result['location'], `s3://${bucket}/${folder.slice(0, -1)}`);

    const stored = (await s3.objects(bucket)).map(({ key }) => key);
    assert.ok(stored.includes(prefix + theirs), 'what the other tool has stored stays');
    const read = async (file: string): Promise<Buffer> => Buffer.from(await s3.read(bucket, folder + file));
    const manifest = JSON.parse(String(await read('manifest.json'))) as Manifest;
    const artifact = dumpOf(manifest);
    assert.equal(artifact.encryption, passphrase === undefined ? 'none' : 'gpg-passphrase');
    let bytes = await read(artifact.key);
    if (passphrase !== undefined) {
      const file = passphraseFile(home, passphrase);
      bytes = home.decrypt(bytes, ['--pinentry-mode', 'loopback', '--passphrase-file', file]);
    }
    const dump = spawnSync('zstd', ['-dc'], { input: bytes, maxBuffer: 2 ** 28 }).stdout;
    const target = `restored_${String(index)}`;
    await postgres.psql(`CREATE DATABASE ${target} TEMPLATE template0`);
    // A dump of chosen schemas makes them itself.
    if (env['POSTGRES_EXTRA_OPTS']?.includes('--schema=public')) await postgres.psql('DROP SCHEMA public', target);
    await restore(postgres, dump, target);
    assert.equal(await postgres.psql('SELECT count(*) FROM orders', target), '100');
    const names = `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`;
    assert.equal(await postgres.psql(names, target), tables);
  });
}

for (const [{ tool, env }, { prefix, database, days, theirs, besides = {} }] of cases) {
  if (days === undefined) continue;
  test(`${tool}: what its retention asks for goes, of our own backups alone`, async () => {
    const server = await startS3Server();
    try {
      const age = (count: number) => backupOf(new Date(Date.now() - count * dayMs), {}, database);
      const older = [1, 2, 3, days - 1, days + 1, days + 2].map(age);
      preload(server, older, prefix);
      preloadObject(server, prefix + theirs, 'theirs', new Date('2020-01-01'));
      const store = { endpoint: server.url, accessKeyId: 'ak', secretAccessKey: 'sk' };
      const { exitCode, stderr } = await runEntrypoint(adapted({ ...env, ...besides }, 'backups', store));
      assert.equal(exitCode, 0, stderr);
      const stored = [...server.objects().keys()];
      assert.ok(stored.includes(prefix + theirs), 'what the other tool has stored stays');
      const kept = older.map(({ folder }) => stored.includes(`${prefix}${folder}manifest.json`));
      assert.deepEqual(kept.slice(0, 4), [true, true, true, true]);
      // One of an older week or month may stay for BACKUP_KEEP_WEEKS or BACKUP_KEEP_MONTHS.
      if (!('BACKUP_KEEP_WEEKS' in env)) assert.deepEqual(kept.slice(4), [false, false]);
    } finally {
      await server.close();
    }
  });
}

test('a list of databases, and the word all, back up each of them', async () => {
  const bucket = await s3.createBucket();
  const env = adapted({ ...published.itbm.env, POSTGRES_DATABASE: 'dbname,railway' }, bucket);
  const databasesOf = async (changes: Variables): Promise<unknown> => {
    const { exitCode, stdout, stderr } = await runEntrypoint({ ...env, ...changes });
    assert.equal(exitCode, 0, stderr);
    const parts = onlyLine(stdout)['databases'] as { database: string; outcome: string }[];
    assert.ok(parts.every(({ outcome }) => outcome === 'success'));
    return parts.map(({ database }) => database);
  };
  assert.deepEqual(await databasesOf({}), ['dbname', 'railway']);
  const all = (await databasesOf({ POSTGRES_DATABASE: 'all' })) as string[];
  for (const name of ['database', 'dbname', 'postgres', 'railway']) assert.ok(all.includes(name), name);
});

test('doctor tells how the environment was understood, and finds it fine', async () => {
  const env = adapted(published.eeshugerman.env, await s3.createBucket());
  const { exitCode, stdout } = await runEntrypoint(env, { args: ['doctor'] });
  assert.equal(exitCode, 0, stdout);
  assert.match(stdout, /^ok {4}names: 14 settings are understood$/m);
  assert.match(stdout, /^ +PASSPHRASE +-> GPG_PASSPHRASE$/m);
  assert.match(stdout, /^ +SCHEDULE +-> no effect: .*; write BACKUP_SCHEDULE="@weekly"$/m);
});

test('the command schedule tells how to write the schedule of another tool', async () => {
  const env = adapted(published.eeshugerman.env, 'my-bucket');
  const { exitCode, stderr } = await runEntrypoint(env, { args: ['schedule'] });
  assert.equal(exitCode, 78);
  assert.match(stderr, /write BACKUP_SCHEDULE="@weekly"[\s\S]*BACKUP_SCHEDULE is not set, so there is nothing to wait/);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { backupOf } from '../retention/preloaded.ts';
import { runCommand } from '../support/run-command.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';

/* Old backups are made by the commands of the tools' own scripts, and read by the page's. */
const page = readFileSync(join(import.meta.dirname, '../../docs/MOVING.md'), 'utf8');
const s3 = await useS3();
const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-old-'));
const secret = 'pass word$1';
let postgres: TestPostgres;
let bucket: string;

before(async () => {
  [postgres, bucket] = await Promise.all([startPostgres(), s3.createBucket()]);
  await postgres.createDatabase('dbname');
  await postgres.psql(
    `CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1000) i; CREATE INDEX ON orders (id)`,
    'dbname',
  );
});
after(async () => {
  execFileSync('gpgconf', ['--homedir', join(folder, '.gnupg'), '--kill', 'all'], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
  await postgres.stop('immediate');
});

const variables = (database: string): Record<string, string> => ({
  ...postgres.env,
  PATH: `${postgres.binDir}:${process.env['PATH'] ?? ''}`,
  HOME: folder,
  POSTGRES_HOST: postgres.host,
  POSTGRES_PORT: String(postgres.port),
  POSTGRES_USER: 'postgres',
  POSTGRES_DATABASE: 'dbname',
  BACKUP_DATABASE_URL: postgres.url('dbname'),
  DATABASE_URL: postgres.url('dbname'),
  PASSPHRASE: secret,
  ENCRYPTION_PASSWORD: secret,
  PGDATABASE: database,
  BUCKET: bucket,
  AWS_ENDPOINT_URL: s3.endpoint,
  AWS_ACCESS_KEY_ID: s3.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  AWS_DEFAULT_REGION: s3.region,
});

const pgDump = 'pg_dump -h $POSTGRES_HOST -p $POSTGRES_PORT -U $POSTGRES_USER';
const openssl = 'openssl enc -aes-256-cbc -in dump.sql.gz -out dump.sql.gz.enc -k "$ENCRYPTION_PASSWORD"';

/** What the scripts of the tools do, without the upload; the page's block that reads it; the key it has; the file. */
const made: [reads: string, key: string, file: string, commands: string][] = [
  [
    'dump.gpg',
    'backup/dbname_2026-01-31T03:00:00.dump.gpg',
    'db.dump.gpg',
    `${pgDump} --format=custom -d $POSTGRES_DATABASE > db.dump
     gpg --symmetric --batch --passphrase "$PASSPHRASE" db.dump`,
  ],
  [
    'dump',
    'backup/dbname_2026-01-31T03:00:00.dump',
    'db.dump',
    `${pgDump} --format=custom -d $POSTGRES_DATABASE > db.dump`,
  ],
  [
    'sql.gz',
    'backup/dbname_2026-01-31T03:00:00Z.sql.gz',
    'dump.sql.gz',
    `${pgDump} $POSTGRES_DATABASE | gzip > dump.sql.gz`,
  ],
  [
    'sql.gz.enc (pbkdf2)',
    'backup/dbname_2026-01-31T03:00:00Z.sql.gz.enc',
    'dump.sql.gz.enc',
    `${pgDump} $POSTGRES_DATABASE | gzip > dump.sql.gz
     ${openssl} -pbkdf2 -iter 100000`,
  ],
  [
    'sql.gz.enc',
    'backup/dbname_2019-01-31T03:00:00Z.sql.gz.enc',
    'dump.sql.gz.enc',
    `${pgDump} $POSTGRES_DATABASE | gzip > dump.sql.gz
     ${openssl}`,
  ],
  [
    'tar.gz',
    'postgres/backup-2026-01-31T05-00-00-000Z.tar.gz',
    'backup.tar.gz',
    'pg_dump --dbname=$BACKUP_DATABASE_URL --format=tar  | gzip > backup.tar.gz',
  ],
  [
    'clean sql.gz',
    '2026/01/31/backup-04-00-00.sql.gz',
    'backup.sql.gz',
    'pg_dump  --no-owner --no-privileges --clean --if-exists --quote-all-identifiers "$DATABASE_URL" | gzip > backup.sql.gz',
  ],
  [
    'daily',
    'database-20260131.sql.gz',
    'database-20260131.sql.gz',
    `PGHOST=$POSTGRES_HOST PGUSER=$POSTGRES_USER pg_dump -d dbname -f database-20260131.sql.gz -Z6`,
  ],
];

/** The page's block under a mark. */
function blockThat(reads: string): string {
  const mark = `<!-- reads: ${reads} -->\n\n\`\`\`sh\n`;
  const [, rest] = page.split(mark);
  assert.ok(rest, `a block that reads ${reads}`);
  return rest.slice(0, rest.indexOf('```'));
}

const bash = (script: string, cwd: string, env: Record<string, string>): Promise<string> =>
  runCommand('bash', ['-euo', 'pipefail', '-c', script], { cwd, env });

const hasAws = ((): boolean => {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe('docs/MOVING.md reads', () => {
  for (const [index, [reads, key, file, commands]] of made.entries()) {
    test(`${reads}: ${key}`, async () => {
      const [from, to] = [mkdtempSync(join(folder, 'from-')), mkdtempSync(join(folder, 'to-'))];
      const target = `restored_${String(index)}`;
      await postgres.psql(`CREATE DATABASE ${target} TEMPLATE template0`);
      await bash(commands, from, variables('dbname'));
      const body = readFileSync(join(from, file));
      await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
      let block = blockThat(reads).replace('/backups/daily/', `${from}/`);
      if (!hasAws) {
        copyFileSync(join(from, file), join(to, 'fetched'));
        block = block.replace(/^aws s3 cp "s3:\/\/\$BUCKET\/\$KEY" /m, 'cp fetched ');
      }
      await bash(block, to, { ...variables(target), KEY: key });
      assert.equal(await postgres.psql('SELECT count(*), sum(id) FROM orders', target), '1000|500500');
    });
  }
});

test('every block that reads is tried', () => {
  const marks = [...page.matchAll(/<!-- reads: (.*) -->/g)].map(([, reads]) => reads);
  assert.deepEqual(marks.sort(), made.map(([reads]) => reads).sort());
});

test('the command that removes a year of old backups names none of ours', { skip: !hasAws }, async () => {
  const [line = ''] = /^aws s3 rm .*--dryrun$/m.exec(page) ?? [];
  const ours = backupOf(new Date('2025-03-01T03:00:00Z'), {}, 'dbname');
  for (const key of ['dbname_2025-03-01T03:00:00.dump', 'dbname_2026-03-01T03:00:00.dump', ...ours.files.keys()]) {
    await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: `backup/${key}`, Body: 'x' }));
  }
  const told = await bash(line.replace('my-bucket', bucket), folder, variables('dbname'));
  assert.match(told, /\(dryrun\) delete: .*dbname_2025-03-01T03:00:00\.dump/);
  assert.equal(
    told
      .trim()
      .split('\n')
      .filter((one) => one.includes('delete:')).length,
    1,
    told,
  );
});

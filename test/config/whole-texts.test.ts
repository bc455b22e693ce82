import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Environment } from '../../src/config/environment.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { leastEnv, problemsOf, read } from './reading.ts';

/* Problems and warnings to the last word, where tests of what causes them look at their beginnings alone. */

const folder = temporaryFolder();
const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const url = (parameters: string): string => `postgresql://backup:pw@db.example.com/shop${parameters}`;
const path = { empty: file('empty', '\n'), missing: join(folder, 'missing') };

const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

const problems: readonly [changes: Environment, problem: string][] = [
  [
    { S3_FORCE_PATH_STYLE: 'maybe' },
    'S3_FORCE_PATH_STYLE="maybe" is neither true nor false, for example S3_FORCE_PATH_STYLE=true',
  ],
  [{ BACKUP_TIMEOUT: '30d' }, 'BACKUP_TIMEOUT="30d" is longer than 24 days, for example BACKUP_TIMEOUT=6h'],
  [
    { SCHEMAS: '"sales' },
    'SCHEMAS="\\"sales" has a double quote that is never closed, for example SCHEMAS=public,sales',
  ],
  [
    { DATABASE_URL: undefined, PGHOST: 'db example', PGUSER: 'backup' },
    'PGHOST has a host that cannot be one; write it like DATABASE_URL=postgresql://user:password@db.example.com:5432/shop',
  ],
  [
    { DATABASE_URL: url('?connect_timeout=soon') },
    'DATABASE_URL has a connect_timeout that is no number of seconds; write ?connect_timeout=10',
  ],
  [
    { VERIFY: 'drill', AGE_RECIPIENTS: undefined, DRILL_CHECK_SQL: path.empty },
    'DRILL_CHECK_SQL names a file that is empty; write a query into it',
  ],
  [
    { EMAIL_TO: 'ops@example.com' },
    'SMTP_URL, EMAIL_FROM and EMAIL_TO belong together; set SMTP_URL and EMAIL_FROM too',
  ],
  [
    { POSTGRES_BACKUP_ALL: 'maybe' },
    'POSTGRES_BACKUP_ALL is neither true nor false; set DATABASES=* for all databases',
  ],
  [
    { BACKUP_FORMAT: 'plain', PG_DUMP_ARGS: '--clean' },
    'PG_DUMP_ARGS has --clean without --if-exists, which makes a script that fails in an empty database; add --if-exists',
  ],
  [
    { DATABASE_URL: undefined, PGHOST: 'postgres://db.example.com', PGUSER: 'backup' },
    'PGHOST holds a URL where a host belongs; set DATABASE_URL=postgresql://user:password@db.example.com:5432/shop',
  ],
  [
    { PGSSLROOTCERT: 'system', PGSSLMODE: 'require' },
    'PGSSLROOTCERT=system trusts every public CA, so libpq wants PGSSLMODE=verify-full with it',
  ],
  [
    { DATABASE_URL_FILE: path.missing, DATABASE_URL: undefined },
    'DATABASE_URL_FILE names a file that cannot be read (ENOENT); it must be the path of a file with the value in it, for example DATABASE_URL_FILE=/run/secrets/database_url_file',
  ],
  [
    { GPG_PUBLIC_KEYS: '/keys/backup.asc' },
    'GPG_PUBLIC_KEYS holds a path where keys belong; set GPG_PUBLIC_KEYS_FILE to it',
  ],
  [
    { S3_REGION: 'Frankfurt am Main' },
    'S3_REGION="Frankfurt am Main" is no region, for example S3_REGION=eu-central-1',
  ],
  [
    { S3_BUCKET: 'my-backups' },
    'BACKUP_DESTINATION and S3_BUCKET are both set; keep one way of saying it, for example BACKUP_DESTINATION=s3://my-backups/production',
  ],
  [{ PGHOSTADDR: '10.0.0.1' }, 'PGHOSTADDR is not supported; set the address as PGHOST'],
  [
    { DATABASE_URL: 'postgresql://backup@db.example.com/shop', PGPASSFILE: path.missing },
    'PGPASSFILE names a file that cannot be read (ENOENT); for example PGPASSFILE=/run/secrets/pgpass',
  ],
  [
    { AGE_RECIPIENTS: '# nobody' },
    'AGE_RECIPIENTS holds no public key, for example AGE_RECIPIENTS=age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
  ],
  [
    { VERIFY: 'head', MANIFEST_SIGNING_KEY: signingKey, MANIFEST_PUBLIC_KEY: ',' },
    'MANIFEST_PUBLIC_KEY holds no public key; openssl genpkey -algorithm ed25519 makes one, see docs/SIGNING.md',
  ],
  [{ MANIFEST_SIGNING_KEY: '"MC4C' }, 'MANIFEST_SIGNING_KEY begins with a quote; env files need none'],
  [
    { MANIFEST_SIGNING_KEY: './key.pem' },
    'MANIFEST_SIGNING_KEY holds a path where the key belongs; set MANIFEST_SIGNING_KEY_FILE to the path',
  ],
  [
    { BACKUP_DESTINATION: 'my-backups' },
    'BACKUP_DESTINATION is neither s3://bucket/prefix nor file:///folder, for example BACKUP_DESTINATION=s3://my-backups/production',
  ],
  [
    { WEBHOOK_URL: 'hooks.example.com' },
    'WEBHOOK_URL is not a URL that begins with https:// or http://, for example WEBHOOK_URL=https://alerts.example.com/backup',
  ],
];
describe('a problem, whole', () => {
  for (const [changes, problem] of problems) {
    test(problem, () => assert.deepEqual(problemsOf({ ...leastEnv, ...changes }), [problem]));
  }
});

const warnings: readonly [changes: Environment, warning: string][] = [
  [
    { S3_ENDPOINT: 'http://store.example.com' },
    'S3_ENDPOINT begins with http://, so that whoever is on the way can read along; use https:// if the store can',
  ],
  [
    { WEBHOOK_URL: 'http://hooks.example.com/backup' },
    'WEBHOOK_URL begins with http://, so that whoever is on the way can read along',
  ],
  [
    { BACKUP_DESTINATION: undefined, S3_BUCKET: 'my-backups', BUCKET_SUBFOLDER: 'shop', BACKUP_FILE_PREFIX: 'daily' },
    'BUCKET_SUBFOLDER and BACKUP_FILE_PREFIX are read as one folder; write S3_PREFIX=shop/daily',
  ],
  [
    { SCHEMAS: 'a', EXCLUDE_SCHEMAS: 'b' },
    'SCHEMAS and EXCLUDE_SCHEMAS are both set: a schema that both name is left out',
  ],
  [
    { DATABASE_URL: 'postgresql://backup@db.example.com/shop', PGPASSWORD: 'secret ' },
    'the database password ends with white space, which is used as a part of it',
  ],
  [{ POSTGRES_DB: 'crm' }, 'DATABASE_URL and POSTGRES_DB name different databases; that of DATABASE_URL is backed up'],
  [
    { COMPRESSION_CMD: 'lz4' },
    'COMPRESSION_CMD has no effect: programs of your own cannot be run; set COMPRESSION to zstd, gzip or none',
  ],
  [
    { BACKUP_DESTINATION: undefined, S3_BUCKET: 'my-backups', BACKUP_FILE_PREFIX: 'daily' },
    'BACKUP_FILE_PREFIX is read as a folder, because files have names of their own; write S3_PREFIX=daily',
  ],
  [{ BACKUP_DIR: '/backups' }, 'BACKUP_DIR has no effect: nothing is put into a folder on the way to the bucket'],
  [
    { BACKUP_FILENAME: 'x' },
    'BACKUP_FILENAME has no effect: each backup has a folder of its own, named by its time; S3_PREFIX is the folder above',
  ],
  [
    { RUN_ON_STARTUP: 'true' },
    'RUN_ON_STARTUP has no effect: the command backup makes one at once; schedule does with --now',
  ],
  [
    { HOOK_PRE_BACKUP_URL: 'x' },
    'HOOK_PRE_BACKUP_URL has no effect: set HEALTHCHECK_URL for a dead man’s switch, WEBHOOK_URL for messages',
  ],
  [
    { BACKUP_WEEK_DAY: '1' },
    'BACKUP_WEEK_DAY has no effect: KEEP_WEEKLY and KEEP_MONTHLY keep the newest of each week and month',
  ],
  [
    { SUPPORT_OBJECT_LOCK: 'true' },
    'SUPPORT_OBJECT_LOCK has no effect: uploads have the checksums of S3_CHECKSUMS, which buckets with Object Lock ask for',
  ],
  [{ HOOK_ALLOW_HTTP: 'true' }, 'HOOK_ALLOW_HTTP has no effect: nothing is called by a hook'],
  [{ HOOKS_DIR: '/hooks' }, 'HOOKS_DIR has no effect: programs of your own are not run; see docs/NOTIFICATIONS.md'],
  [{ WEBHOOK_ERROR_URL: 'x' }, 'WEBHOOK_ERROR_URL has no effect: set WEBHOOK_URL and NOTIFY_ON'],
  [{ HEALTHCHECK_PORT: '80' }, 'HEALTHCHECK_PORT has no effect: set SCHEDULE_PORT, where the command schedule answers'],
  [{ S3_CA_BUNDLE: '/ca.pem' }, 'S3_CA_BUNDLE has no effect: set NODE_EXTRA_CA_CERTS to the path of that file'],
  [
    { DISABLE_S3_CHECKSUM_VALIDATION: 'true' },
    'DISABLE_S3_CHECKSUM_VALIDATION has no effect: set S3_CHECKSUMS=required',
  ],
  [{ DROP_DATABASE: 'yes' }, 'DROP_DATABASE has no effect: the command restore never drops a database'],
  [{ DROP_PUBLIC: 'yes' }, 'DROP_PUBLIC has no effect: the command restore never drops a schema'],
  [
    { BACKUP_TIMEOUTT: '1h' },
    'BACKUP_TIMEOUTT is not a variable of this program and has no effect; did you mean BACKUP_TIMEOUT?',
  ],
];
describe('a warning, whole', () => {
  for (const [changes, warning] of warnings) {
    test(warning, () => assert.deepEqual(read({ AGE_RECIPIENTS: undefined, ...changes }).warnings, [warning]));
  }
});

test('all problems stand in one message, warnings after them, and the hint says what next', () => {
  assert.throws(() => read({ PGHOSTADDR: '10.0.0.1', POSTGRES_BACKUP_ALL: 'maybe', LOGDIR: '/logs' }), {
    kind: 'config',
    message: `the configuration has 2 problems:
  - POSTGRES_BACKUP_ALL is neither true nor false; set DATABASES=* for all databases
  - PGHOSTADDR is not supported; set the address as PGHOST
Besides, to look at:
  - LOGDIR has no effect: logs go to standard error`,
    hint: 'Correct these environment variables and start again; nothing was contacted yet.',
  });
});

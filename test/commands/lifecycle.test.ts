import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { startS3Server } from '../support/s3-server.ts';
import { useS3 } from '../support/s3.ts';

const s3 = await useS3();
const keep = { KEEP_DAILY: '7', KEEP_WEEKLY: '4', KEEP_MONTHLY: '12', BACKUP_SCHEDULE: '0 2 * * *' };

const run = (env: Record<string, string>, ...args: string[]): Promise<EndedRun> =>
  runEntrypoint(env, { args: ['lifecycle', ...args] });
const envOf = (bucket: string): Record<string, string> => ({
  ...s3.env(bucket),
  ...keep,
  S3_PREFIX: 'production',
  DATABASE_URL: 'postgresql://u@localhost/shop',
  S3_TAGS: 'on',
});
const idOf = ({ ID }: LifecycleRule): string => ID?.replace(/-[0-9a-f]{8}$/, '') ?? '';

async function rulesOf(bucket: string): Promise<LifecycleRule[]> {
  return (await s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))).Rules ?? [];
}

async function put(bucket: string, Rules: LifecycleRule[]): Promise<void> {
  const LifecycleConfiguration = { Rules };
  await s3.client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }));
}

describe('without --apply', () => {
  const env = envOf('nowhere');

  test('the ages, the rules and what rules cannot do are shown, and nothing is asked of the store', async () => {
    const { exitCode, stdout, stderr } = await run({ ...env, S3_ENDPOINT: 'http://127.0.0.1:9' });
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^s3:\/\/nowhere\/production\/shop\/\nKEEP_DAILY=7, .*\n\nBACKUPS +GO AFTER +BECAUSE OF\n/);
    assert.match(stdout, /^weekly +29 days +KEEP_WEEKLY=4$/m);
    assert.match(stdout, /^note: rules count days and not backups: .*KEEP_MINIMUM/m);
    assert.match(stdout, /^ {2}production\/shop\/ pg-offsite-tier=weekly: objects go after 29 days$/m);
    assert.match(stdout, /\nnothing was changed: --apply puts/);
  });

  test('--json writes what aws s3api takes: a store accepts it as it is', async () => {
    const { stdout } = await run(env, '--json');
    const { Rules, ...others } = JSON.parse(stdout) as { Rules: LifecycleRule[] };
    assert.deepEqual(others, {});
    const bucket = await s3.createBucket();
    await put(bucket, Rules);
    assert.equal((await rulesOf(bucket)).length, 5);
  });

  for (const [title, changes, args, exitCode, told] of [
    ['a folder has no rules', { BACKUP_DESTINATION: 'file:///backups', S3_BUCKET: '', S3_PREFIX: '' }, [], 64, /prune/],
    ['no policy makes no rules', { KEEP_DAILY: '', KEEP_WEEKLY: '', KEEP_MONTHLY: '' }, [], 78, /KEEP_DAILY=14/],
    ['a database must be named', { DATABASE_URL: '' }, [], 64, /--database/],
    ['days are a number', {}, ['--noncurrent-days', 'all'], 64, /--noncurrent-days 14/],
    ['one thing at a time', {}, ['--json', '--apply'], 64, /--json shows/],
  ] as const) {
    test(title, async () => {
      const ended = await run({ ...env, ...changes }, ...args);
      assert.equal(ended.exitCode, exitCode, ended.stderr);
      assert.match(ended.stderr, told);
    });
  }

  test('a lock that is longer than the rules, no tags and no schedule are told', async () => {
    const lock = { S3_OBJECT_LOCK_MODE: 'GOVERNANCE', S3_OBJECT_LOCK_FOR: '30d' };
    const locked = await run({ ...env, ...lock });
    assert.match(locked.stdout, /^note: objects are locked for 30 days/m);
    const plain = await run({ ...env, S3_TAGS: 'off', BACKUP_SCHEDULE: '' }, '--database', 'crm');
    assert.match(plain.stdout, /^all +373 days +KEEP_MONTHLY=12$/m);
    assert.match(plain.stdout, /^note: S3_TAGS is off[^]*^note: BACKUP_SCHEDULE is not set[^]*production\/crm\//m);
  });
});

describe('with --apply on a real store', () => {
  const logs: LifecycleRule = { ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 3 } };
  const both: LifecycleRule = {
    ID: 'both',
    Status: 'Disabled',
    Filter: { And: { Prefix: 'x/', Tags: [{ Key: 'a', Value: 'b' }, { Key: 'c', Value: 'd' }] } }, // prettier-ignore
    Expiration: { Days: 9 },
  };

  test('our rules come beside those of others, a second time changes nothing, other settings replace them', async () => {
    const bucket = await s3.createBucket();
    const env = envOf(bucket);
    await put(bucket, [logs, both]);
    const before = await rulesOf(bucket);
    const first = await run(env, '--apply');
    assert.equal(first.exitCode, 0, first.stdout + first.stderr);
    assert.match(first.stdout, /^ {2}logs {2}logs\/: objects go after 3 days$/m);
    assert.match(first.stdout, /^\+ pg-offsite-weekly-production-shop-\w{8} {2}.*after 29 days$/m);
    assert.match(first.stdout, /\nput and read back: \S+ has 7 rules\n$/);
    const applied = await rulesOf(bucket);
    const ours = ['daily', 'monthly', 'tidy', 'weekly', 'yearly'].map((what) => `pg-offsite-${what}-production-shop`);
    assert.deepEqual(applied.map(idOf).sort(), ['both', 'logs', ...ours]);

    const second = await run(env, '--apply');
    assert.match(second.stdout, /\nnothing to change: the bucket has these rules\n$/);
    assert.doesNotMatch(second.stdout, /^[+-]/m);

    const crm = await run(env, '--apply', '--database', 'crm', '--noncurrent-days', '0');
    assert.match(crm.stdout, /has 12 rules\n$/);
    const changed = await run({ ...env, S3_TAGS: 'off', KEEP_MONTHLY: '' }, '--apply');
    assert.match(changed.stdout, /^- pg-offsite-daily-production-shop-/m);
    assert.match(
      changed.stdout,
      /^\+ pg-offsite-all-production-shop-\w{8} {2}production\/shop\/: objects go after 29 days$/m,
    );
    const rules = await rulesOf(bucket);
    assert.equal(rules.length, 9);
    const theirs = (all: LifecycleRule[]) => all.filter(({ ID }) => ID === 'logs' || ID === 'both');
    assert.deepEqual(theirs(rules), theirs(before));
  });

  test('a bucket without any rule, and a rule of others that is quicker', async () => {
    const bucket = await s3.createBucket();
    assert.match((await run(envOf(bucket), '--apply')).stdout, /has 5 rules\n$/);
    await put(bucket, [{ ...logs, ID: 'quick', Filter: { Prefix: '' } }]);
    assert.match(
      (await run(envOf(bucket), '--apply')).stdout,
      /^warning: another rule is quicker than these: quick, /m,
    );
  });
});

describe('with --apply on a store that', () => {
  const envFor = (url: string): Record<string, string> => ({
    ...envOf('backups'),
    S3_ENDPOINT: url,
    S3_RETRY_FOR: '1s',
  });
  const none = '<Error><Code>NoSuchLifecycleConfiguration</Code></Error>';

  test('knows no such rules, it says so', async (t) => {
    const server = await startS3Server();
    t.after(() => server.close());
    const { exitCode, stderr } = await run(envFor(server.url), '--apply');
    assert.equal(exitCode, 78, stderr);
    assert.match(stderr, /the store of backups takes no lifecycle rules, or not these \(501 .*\n.*let prune remove/);
  });

  test('does not let the key do so, it names the permission', async (t) => {
    const server = await startS3Server();
    t.after(() => server.close());
    server.fault({ operation: 'GetBucketLifecycle', action: { kind: 'answer', status: 404, body: none } });
    server.fault({ operation: 'PutBucketLifecycle', action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
    const { exitCode, stderr } = await run(envFor(server.url), '--apply');
    assert.equal(exitCode, 77, stderr);
    assert.match(stderr, /s3:PutLifecycleConfiguration/);
  });

  test('takes the rules and does not keep them, it fails', async (t) => {
    const server = await startS3Server();
    t.after(() => server.close());
    server.fault({ operation: 'GetBucketLifecycle', action: { kind: 'answer', status: 404, body: none } });
    server.fault({ operation: 'PutBucketLifecycle', action: { kind: 'answer', status: 200, body: '' } });
    const { exitCode, stderr } = await run(envFor(server.url), '--apply');
    assert.equal(exitCode, 74, stderr);
    assert.match(stderr, /the lifecycle rules of backups are not those that were put/);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateMultipartUploadCommand, DeleteBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { readConfig } from '../../src/config/read.ts';
import { openStore } from '../../src/store/open.ts';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { keptLog } from '../store/scripted.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { never } from '../support/shell-stage.ts';
import { useS3 } from '../support/s3.ts';
import { phrase } from './text.ts';

/** What a key may be allowed to do with objects; the bucket's policy denies all but a test's choice. */
const all = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:DeleteObjectTagging',
  's3:DeleteObjectVersion',
  's3:GetBucketLocation',
  's3:GetObject',
  's3:GetObjectAcl',
  's3:GetObjectTagging',
  's3:GetObjectVersion',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:ListBucketVersions',
  's3:ListMultipartUploadParts',
  's3:PutObject',
  's3:PutObjectAcl',
  's3:PutObjectTagging',
];

const named = (words: string): string[] => words.match(/s3:\w+/g) ?? [];
const needed = named(phrase(/The bucket's key needs ([^.]+)\./));
const besides = named(phrase(/\. With\s+(`s3:[^.]+?) too, a failed run can\s+tidy up/));

const s3 = await useS3();
let server: TestPostgres;
before(async () => {
  server = await startPostgres();
  await server.createDatabase('shop');
  await server.psql('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 100) i', 'shop');
});
after(() => server.stop('immediate'));

/** A bucket in which the key may do only this, and the variables of a run into it. */
async function bucketWith(allowed: readonly string[]): Promise<{ bucket: string; env: Record<string, string> }> {
  const bucket = await s3.createBucket();
  const denied = all.filter((action) => !allowed.includes(action));
  const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const Statement = [{ Effect: 'Deny', Principal: '*', Action: denied, Resource }];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await s3.client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  return { bucket, env: { ...s3.env(bucket), DATABASE_URL: server.url('shop'), BACKUP_ATTEMPTS: '1' } };
}

/** A run, and what the bucket then holds. */
async function runWith(
  allowed: readonly string[],
  args: readonly string[] = [],
): Promise<EndedRun & { objects: string[]; uploads: string[] }> {
  const { bucket, env } = await bucketWith(allowed);
  const run = await runEntrypoint({ ...env, VERIFY: 'download' }, { args });
  await s3.client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  const objects = (await s3.objects(bucket)).map(({ key }) => key);
  return { ...run, objects, uploads: await s3.openUploads(bucket) };
}

const without = (...actions: string[]): string[] => [...needed, ...besides].filter((one) => !actions.includes(one));

test('the README names permissions that there are', () => {
  assert.deepEqual([needed.length, besides.length], [4, 3]);
  for (const action of [...needed, ...besides]) assert.ok(all.includes(action), action);
});

describe('with the permissions that the README calls needed, and no other', () => {
  test('a backup is made, and nothing is said to be amiss', async () => {
    const { exitCode, stderr, objects, uploads } = await runWith(needed);
    assert.equal(exitCode, 0, stderr);
    assert.doesNotMatch(stderr, /WARN|ERROR/);
    assert.equal(objects.length, 5);
    assert.deepEqual(uploads, []);
  });

  test('doctor finds everything fine', async () => {
    const { exitCode, stdout, stderr } = await runWith(needed, ['doctor']);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /all fine: a backup can be made\n$/);
    assert.doesNotMatch(stderr, /WARN|ERROR/);
  });
});

describe('each of them is needed', () => {
  test('s3:PutObject, to store anything', async () => {
    const run = await runWith(without('s3:PutObject'));
    assert.equal(run.exitCode, 77, run.stderr);
    assert.match(run.stderr, /HINT: .*s3:PutObject/);
  });

  test('s3:GetObject, to look at what was stored', async () => {
    const run = await runWith(without('s3:GetObject'));
    assert.equal(run.exitCode, 77, run.stderr);
    assert.match(run.stderr, /HINT: .*s3:GetObject/);
  });

  test('s3:AbortMultipartUpload, to leave no unfinished upload', async () => {
    const run = await runWith(without('s3:AbortMultipartUpload'));
    assert.match(run.stderr, /WARN: an unfinished upload could not be removed/);
    assert.equal(run.uploads.length, 1);
  });

  test('s3:ListBucket, to compare with the backup before', async () => {
    assert.match((await runWith(without('s3:ListBucket'))).stderr, /skipped the comparison with the previous backup/);
  });
});

describe('with the others a failed run tidies up', () => {
  test('s3:DeleteObject removes what it had stored', async () => {
    const tidied = await runWith(without('s3:GetObject'));
    assert.equal(tidied.exitCode, 77, tidied.stderr);
    assert.deepEqual(tidied.objects, []);
    const untidy = await runWith(without('s3:GetObject', 's3:DeleteObject'));
    assert.equal(untidy.exitCode, 77, untidy.stderr);
    assert.match(untidy.stderr, /WARN: could not remove/);
    assert.equal(untidy.objects.length, 1);
    assert.ok(!untidy.objects[0]?.endsWith('manifest.json'));
  });

  for (const [title, allowed, left] of [
    ['s3:ListBucketMultipartUploads finds the uploads of a run that was killed', [...needed, ...besides], 0],
    ['without it they stay', without('s3:ListBucketMultipartUploads'), 1],
  ] as const) {
    test(title, async () => {
      const { bucket, env } = await bucketWith(allowed);
      await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'shop/killed/database.dump' }));
      const store = openStore(readConfig(env).store, keptLog().log);
      await store.sweepUnfinished('shop/', new Date(Date.now() + 60_000), never);
      store.close();
      await s3.client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
      assert.equal((await s3.openUploads(bucket)).length, left);
    });
  }
});

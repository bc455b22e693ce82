import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';
import { onlyLine } from './scene.ts';

const s3 = await useS3();
const hourMs = 3_600_000;
let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
  await postgres.createDatabase('shop');
  await postgres.psql('create table orders as select i as id from generate_series(1, 100) i', 'shop');
});
after(() => postgres.stop('immediate'));

async function lockedBucket(): Promise<string> {
  const Bucket = `locked-${randomBytes(6).toString('hex')}`;
  await s3.client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  return Bucket;
}

const run = (bucket: string, args: readonly string[], changes: Record<string, string> = {}): Promise<EndedRun> =>
  runEntrypoint(
    {
      DATABASE_URL: postgres.url('shop'),
      ...s3.env(bucket),
      S3_OBJECT_LOCK_MODE: 'COMPLIANCE',
      S3_OBJECT_LOCK_FOR: '1h',
      BACKUP_ATTEMPTS: '1',
      ...changes,
    },
    { args },
  );

async function succeeds(...args: Parameters<typeof run>): Promise<EndedRun> {
  const ended = await run(...args);
  assert.equal(ended.exitCode, 0, ended.stdout + ended.stderr);
  return ended;
}

const versions = async (bucket: string) => {
  const { Versions = [], DeleteMarkers = [] } = await s3.client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  return { objects: Versions, markers: DeleteMarkers };
};
const ids = async (bucket: string): Promise<string[]> => {
  const { stdout } = await succeeds(bucket, ['list', '--json']);
  return (JSON.parse(stdout) as { backups: { id: string }[] }).backups.map(({ id }) => id);
};

test('every object of a backup is locked, that of a dump in parts and the proof too, and no version can go', async () => {
  const bucket = await lockedBucket();
  const before = Date.now();
  await succeeds(bucket, []);
  await succeeds(bucket, ['drill']);
  const inParts = { ...fakePgDump('head -c 12000000 /dev/urandom'), COMPRESSION: 'none', S3_PART_SIZE: '5MiB' };
  await succeeds(bucket, [], inParts);
  const { objects } = await versions(bucket);
  const names = objects.map(({ Key }) => Key?.replace(/^.*\//, '').replace(/proof-.*/, 'proof')).sort();
  const each = ['RESTORE.md', 'SHA256SUMS', 'manifest.json'];
  const data = ['database.dump', 'globals.sql'];
  assert.deepEqual(names, [...each, ...each, ...data, ...data.map((name) => `${name}.zst`), 'proof'].sort());
  for (const { Key, VersionId } of objects) {
    const version = { Bucket: bucket, Key, VersionId };
    const { Retention } = await s3.client.send(new GetObjectRetentionCommand(version));
    assert.equal(Retention?.Mode, 'COMPLIANCE', Key);
    const until = Retention.RetainUntilDate!.getTime();
    assert.ok(until >= before + hourMs - 1000 && until <= Date.now() + hourMs, Key);
    await assert.rejects(s3.client.send(new DeleteObjectCommand(version)), { name: 'AccessDenied' }, Key);
  }
});

test('prune hides what is locked, and what is hidden can be brought back', async () => {
  const bucket = await lockedBucket();
  const made: string[] = [];
  for (let count = 0; count < 3; count += 1) made.push(String(onlyLine((await succeeds(bucket, [])).stdout)['id']));
  const pruned = await succeeds(bucket, ['prune'], { KEEP_LAST: '2', KEEP_MINIMUM: '1' });
  assert.match(pruned.stdout, /shop: removed 1 of 1/);
  assert.deepEqual(await ids(bucket), made.slice(1));
  const { objects, markers } = await versions(bucket);
  assert.deepEqual([objects.length, markers.length], [15, 5]);
  assert.ok(markers.every(({ Key }) => Key?.startsWith(`shop/${made[0] ?? ''}/`)));
  for (const { Key, VersionId } of markers) {
    await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));
  }
  assert.deepEqual(await ids(bucket), made);
  await succeeds(bucket, ['verify', made[0]!]);
});

test('a bucket without Object Lock is told about, and nothing is left in it', async () => {
  const bucket = await s3.createBucket();
  const { exitCode, stderr } = await run(bucket, []);
  assert.equal(exitCode, 78, stderr);
  assert.match(stderr, /HINT: .*remove S3_OBJECT_LOCK_MODE and S3_OBJECT_LOCK_FOR/);
  assert.deepEqual(await s3.objects(bucket), []);
  assert.deepEqual(await s3.openUploads(bucket), []);
});

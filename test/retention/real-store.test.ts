import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { runEntrypoint, startEntrypoint } from '../support/entrypoint.ts';
import { useS3 } from '../support/s3.ts';
import { until } from '../support/until.ts';
import { naivelyKept } from './naive.ts';
import { candidate, policyOf } from './candidates.ts';
import { nightly, type Preloaded } from './preloaded.ts';

const s3 = await useS3();

/** A new bucket that holds these backups and some objects of somebody else. */
async function filled(backups: readonly Preloaded[], name?: string): Promise<string> {
  const bucket = name ?? (await s3.createBucket());
  const objects = backups.flatMap(({ files }) => [...files]);
  objects.push(['photos/a.jpg', 'x'], ['shop/notes.txt', 'x'], ['shop/20200101T000000Z/manifest.json', '{}']);
  const put = async (): Promise<void> => {
    for (let next = objects.pop(); next; next = objects.pop()) {
      await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: next[0], Body: next[1] }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, put));
  return bucket;
}

const manifests = async (bucket: string): Promise<string[]> =>
  (await s3.objects(bucket)).flatMap(({ key }) => /^shop\/([^/]+-\w{6})\/manifest\.json$/.exec(key)?.[1] ?? []);

test('more than 1,200 objects are pruned to what the policy keeps, and nothing else is touched', async () => {
  const backups = nightly(320);
  const bucket = await filled(backups);
  const rules = { KEEP_DAILY: '30', KEEP_WEEKLY: '30', KEEP_MONTHLY: '12', BACKUP_TIMEZONE: 'Europe/Berlin' };
  const policy = policyOf({ daily: 30, weekly: 30, monthly: 12, minimum: 3, timeZone: 'Europe/Berlin' });
  const expected = naivelyKept(
    backups.map(({ id, time }) => candidate(time, { id })),
    policy,
  );
  assert.equal((await s3.objects(bucket)).length, 1283);
  const { exitCode, stdout } = await runEntrypoint({ ...s3.env(bucket), ...rules }, { args: ['prune', '--yes'] });
  assert.equal(exitCode, 0, stdout);
  assert.deepEqual((await manifests(bucket)).sort(), expected);
  assert.equal((await s3.objects(bucket)).length, expected.length * 4 + 3);
  const again = await runEntrypoint({ ...s3.env(bucket), ...rules }, { args: ['prune', '--json'] });
  assert.match(again.stdout, /"remove":\[\],"finish":\[\]/);
});

test('what a killed prune leaves is no half backup, and the next prune goes on', async () => {
  const backups = nightly(120);
  const bucket = await filled(backups);
  const env = { ...s3.env(bucket), KEEP_LAST: '70' };
  const killed = startEntrypoint(env, { args: ['prune'] });
  await until('some are gone', async () => (await s3.objects(bucket)).length < 460);
  killed.signal('SIGKILL');
  await killed.ended;
  const keys = new Set((await s3.objects(bucket)).map(({ key }) => key));
  const left = backups.filter(({ folder }) => keys.has(`${folder}manifest.json`));
  assert.ok(left.length > 70, 'it was killed in the middle');
  for (const { files } of left) assert.ok([...files.keys()].every((key) => keys.has(key)));
  const next = await runEntrypoint(env, { args: ['prune', '--json'] });
  assert.equal(next.exitCode, 0);
  assert.deepEqual(
    (await manifests(bucket)).sort(),
    backups
      .slice(0, 70)
      .map(({ id }) => id)
      .sort(),
  );
  // A folder that has lost no more than its manifest looks like that of a run until it is a day old, by the store.
  const whole = /"why":"it has no manifest"/g;
  const waiting = [...next.stdout.matchAll(whole)].length;
  const rest = (await s3.objects(bucket)).filter(({ key }) => !key.endsWith('manifest.json') && /-\w{6}\//.test(key));
  assert.equal(new Set(rest.map(({ key }) => key.split('/')[1])).size, 70 + waiting);
  assert.ok(waiting <= 4, String(waiting));
});

test('fault 54: two prunes at once end like one', async () => {
  const backups = nightly(60);
  const bucket = await filled(backups);
  const env = { ...s3.env(bucket), KEEP_LAST: '40' };
  const runs = await Promise.all([1, 2].map(() => runEntrypoint(env, { args: ['prune'] })));
  for (const { exitCode, stdout } of runs) assert.equal(exitCode, 0, stdout);
  assert.equal((await s3.objects(bucket)).length, 40 * 4 + 3);
});

test('in a bucket with versions what was removed is no backup any more', async () => {
  const backups = nightly(8);
  const bucket = await s3.createBucket();
  await s3.client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await filled(backups, bucket);
  const { exitCode } = await runEntrypoint({ ...s3.env(bucket), KEEP_LAST: '5' }, { args: ['prune'] });
  assert.equal(exitCode, 0);
  assert.equal((await manifests(bucket)).length, 5);
});

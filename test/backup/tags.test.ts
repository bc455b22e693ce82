import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { runEntrypoint } from '../support/entrypoint.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startS3Server } from '../support/s3-server.ts';
import { useS3 } from '../support/s3.ts';
import { onlyLine } from './scene.ts';

const s3 = await useS3();
let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
  await postgres.createDatabase('shop');
  await postgres.psql('create table orders as select i as id from generate_series(1, 100) i', 'shop');
});
after(() => postgres.stop('immediate'));

const env = (changes: Record<string, string>): Record<string, string> => ({
  DATABASE_URL: postgres.url('shop'),
  BACKUP_ATTEMPTS: '1',
  S3_TAGS: 'on',
  ...changes,
});

/** Every object below a folder, without it, with its tags. */
async function tagsIn(bucket: string, folder: string): Promise<[string, Record<string, string>][]> {
  const keys = (await s3.objects(bucket)).map(({ key }) => key).filter((key) => key.startsWith(folder));
  const tagsOf = async (key: string): Promise<[string, Record<string, string>]> => {
    const { TagSet = [] } = await s3.client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: key }));
    return [key.slice(folder.length), Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))];
  };
  return Promise.all(keys.map(tagsOf));
}

test('every object of a backup, and the proof of a drill, has the tier as its tag', async () => {
  const bucket = await s3.createBucket();
  for (const [tier, changes] of [
    ['yearly', {}],
    ['daily', { ...fakePgDump('head -c 12000000 /dev/urandom'), COMPRESSION: 'none', S3_PART_SIZE: '5MiB' }],
  ] as const) {
    const { exitCode, stdout, stderr } = await runEntrypoint(env({ ...s3.env(bucket), ...changes }));
    assert.equal(exitCode, 0, stderr);
    const folder = `shop/${String(onlyLine(stdout)['id'])}/`;
    const manifest = JSON.parse(Buffer.from(await s3.read(bucket, `${folder}manifest.json`)).toString()) as object;
    assert.equal((manifest as { tier: string }).tier, tier);
    if (tier === 'yearly') {
      const drill = await runEntrypoint(env(s3.env(bucket)), { args: ['drill'] });
      assert.equal(drill.exitCode, 0, drill.stdout + drill.stderr);
    }
    const tagged = await tagsIn(bucket, folder);
    assert.equal(tagged.length, tier === 'yearly' ? 6 : 5);
    for (const [file, tags] of tagged) assert.deepEqual(tags, { 'pg-offsite-tier': tier }, file);
  }
});

test('a store without tags is found out before the dump', async (t) => {
  const server = await startS3Server();
  t.after(() => server.close());
  server.fault({
    operation: '*',
    when: ({ headers }) => 'x-amz-tagging' in headers,
    action: { kind: 'answer', status: 501, code: 'NotImplemented', message: 'x-amz-tagging not implemented' },
  });
  const variables = env({
    S3_ENDPOINT: server.url,
    S3_BUCKET: 'backups',
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'sksksksksk',
  });
  const run = await runEntrypoint(variables);
  assert.equal(run.exitCode, 78, run.stderr);
  assert.match(run.stderr, /HINT: .*Leave S3_TAGS off/);
  const stored = server.calls.filter(({ operation }) => operation === 'PutObject' || operation === 'UploadPart');
  assert.deepEqual([stored.length, server.objects().size, server.openUploads.length], [0, 0, 0]);
  assert.match((await runEntrypoint(variables, { args: ['doctor'] })).stdout, /FAIL {2}store: begin .*\n.*S3_TAGS off/);
  assert.equal((await runEntrypoint({ ...variables, S3_TAGS: 'off' })).exitCode, 0);
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type EndedRun, type StartedRun, startEntrypoint } from '../support/entrypoint.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';
import { until } from '../support/until.ts';
import { onlyLine } from './scene.ts';

const s3 = await useS3();
const bucket = await s3.createBucket();

describe('in a real S3 store', () => {
  let postgres: TestPostgres;
  let older: { key: string; bytes: number }[];
  const start = (changes: Record<string, string> = {}): StartedRun =>
    startEntrypoint({
      DATABASE_URL: postgres.url('shop'),
      ...s3.env(bucket),
      S3_PART_SIZE: '5MiB',
      S3_RETRY_FOR: '2s',
      BACKUP_ATTEMPTS: '1',
      ...changes,
    });
  before(async () => {
    postgres = await startPostgres();
    await postgres.createDatabase('shop');
    await postgres.psql('create table orders as select i as id from generate_series(1, 1000) i', 'shop');
    const first = await start({ VERIFY: 'download' }).ended;
    assert.equal(first.exitCode, 0, first.stderr);
    older = await s3.objects(bucket);
    assert.equal(older.length, 5);
  });
  after(() => postgres.stop('immediate'));

  const uploading = (): Promise<void> =>
    until('an upload is open', async () => (await s3.openUploads(bucket)).length > 0);
  const assertFailed = async (run: EndedRun, exitCode: number, error: RegExp): Promise<void> => {
    assert.equal(run.exitCode, exitCode, run.stderr);
    const result = onlyLine(run.stdout);
    assert.equal(result['exitCode'], exitCode);
    assert.match(String(result['error']), error);
    assert.deepEqual(await s3.objects(bucket), older);
    assert.deepEqual(await s3.openUploads(bucket), []);
    assert.deepEqual(run.leftBehind, []);
  };

  test('a backup in several parts is read back whole', async () => {
    const changes = { ...fakePgDump('head -c 23000000 /dev/urandom'), COMPRESSION: 'none', VERIFY: 'download' };
    const run = await start({ ...changes, GLOBALS: 'off', S3_PREFIX: 'several/parts' }).ended;
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal(onlyLine(run.stdout)['bytes'], 23_000_000);
    older = await s3.objects(bucket);
    assert.equal(older.length, 9);
  });

  test('fault 2: pg_dump fails after several parts', async () => {
    const run = await start({ ...fakePgDump('head -c 23000000 /dev/urandom; exit 1'), COMPRESSION: 'none' }).ended;
    await assertFailed(run, 65, /pg_dump failed with exit code 1/);
  });

  test('fault 36: SIGTERM in the middle of the upload', async () => {
    const run = start({ ...fakePgDump('head -c 23000000 /dev/urandom; sleep 60'), COMPRESSION: 'none' });
    await uploading();
    run.signal('SIGTERM');
    await assertFailed(await run.ended, 143, /SIGTERM/);
  });

  test('fault 39: what a killed run left is swept once it is older than BACKUP_TIMEOUT', async () => {
    const killed = start({
      ...fakePgDump('head -c 23000000 /dev/urandom; exec sleep 60'),
      COMPRESSION: 'none',
      LOCK: 'off',
      GLOBALS: 'off',
    });
    await uploading();
    killed.signal('SIGKILL');
    await killed.ended;
    for (const { pid } of killed.processes()) process.kill(pid, 'SIGKILL');
    assert.deepEqual(await s3.objects(bucket), older);
    // Its age is counted in the store's time; a short timeout makes it old soon.
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const slow = await start({ BACKUP_TIMEOUT: '3s', ...fakePgDump('sleep 60') }).ended;
    await assertFailed(slow, 124, /was not done after 3s/);
  });

  test('fault 16: the secret key is wrong', async () => {
    const run = await start({ S3_SECRET_ACCESS_KEY: 'wrong' }).ended;
    await assertFailed(run, 77, /SignatureDoesNotMatch/);
  });

  test('fault 17: the bucket does not exist', async () => {
    await assertFailed(await start({ S3_BUCKET: 'nosuchbucket' }).ended, 78, /NoSuchBucket/);
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage, hardened, startContainer } from '../support/image/container.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startS3Server } from '../support/s3-server.ts';

describe('SIGTERM to the image in the middle of an upload', () => {
  let image = '';
  let server: TestPostgres;
  let source = '';
  before(async () => {
    [image, server] = await Promise.all([buildImage(), startPostgres()]);
    source = await server.createDatabase('shop');
    await server.psql('create table t as select md5(i::text) from generate_series(1, 600000) i', 'shop');
  });
  after(() => server.stop());

  for (const [title, flags] of [
    ['fault 36: it ends the run cleanly behind the init', []],
    ['fault 37: it ends the run cleanly when the program itself is process 1', ['--entrypoint=/app/entrypoint.sh']],
  ] as const) {
    test(title, async () => {
      const store = await startS3Server();
      // The parts' answers never come, so the run is in its upload whenever the signal arrives.
      store.fault({ operation: 'UploadPart', action: { kind: 'hang' } });
      const env = {
        DATABASE_URL: source,
        COMPRESSION: 'none',
        S3_PART_SIZE: '5MiB',
        S3_BUCKET: 'backups',
        S3_ENDPOINT: store.url,
        S3_REGION: 'us-east-1',
        S3_ACCESS_KEY_ID: 'ak',
        S3_SECRET_ACCESS_KEY: 'sk',
      };
      try {
        await using container = startContainer(image, { env, flags: [...hardened, ...flags] });
        let early: string | undefined;
        void container.ended.then(({ stderr }) => (early = stderr));
        while (!store.calls.some((call) => call.operation === 'UploadPart')) {
          assert.equal(early, undefined);
          await sleep(50);
        }
        await container.signal('TERM');
        const { exitCode, stdout, stderr } = await container.ended;
        assert.equal(exitCode, 143, stderr);
        assert.equal((JSON.parse(stdout) as { exitCode: number }).exitCode, 143);
        assert.deepEqual(store.openUploads, []);
        assert.deepEqual([...store.objects().keys()], []);
        const sessions = `select count(*) from pg_stat_activity where datname = 'shop'`;
        while ((await server.psql(sessions)) !== '0') await sleep(50); // the server notices a closed connection in its own time
      } finally {
        await store.close();
      }
    });
  }
});

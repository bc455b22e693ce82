import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildImage, clientMajors, hardened, runContainer } from '../support/image/container.ts';
import { startServerContainer } from '../support/image/server-container.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';
import type { Manifest } from '../../src/catalog/manifest.ts';

const password = 'p@ss:w/rd%#';
const fingerprint = `select count(*) || ' ' || md5(string_agg(id || name, ',' order by id)) from customers`;
const s3 = await useS3();

describe('a backup made by the image, hardened and with nothing to write to', () => {
  let image = '';
  let majors: number[] = [];
  let server: TestPostgres;
  let source = '';
  before(async () => {
    [image, server] = await Promise.all([buildImage(), startPostgres({ password })]);
    majors = await clientMajors(image);
    source = await server.createDatabase('shop');
    await server.psql(
      `create table customers as select id, 'Zoë ' || id as name from generate_series(1, 5000) id;
       create index on customers (name)`,
      'shop',
    );
  });
  after(() => server.stop());

  /** Backs the shop up with an image, restores what the bucket then holds with stock tools; returns the client's major. */
  const backUpAndRestore = async (
    withImage: string,
    into: Pick<TestPostgres, 'createDatabase' | 'psql'>,
  ): Promise<number> => {
    const bucket = await s3.createBucket();
    const keygen = await runContainer(image, { flags: [...hardened, '--entrypoint=age-keygen'] });
    const recipient = /age1\w+/.exec(keygen.stdout)?.[0] ?? '';
    const env = { ...s3.env(bucket), DATABASE_URL: source, AGE_RECIPIENTS: recipient };
    const run = await runContainer(withImage, { env, flags: hardened });
    assert.equal(run.exitCode, 0, run.stderr);
    assert.equal((JSON.parse(run.stdout) as { exitCode: number }).exitCode, 0);
    assert.doesNotMatch(run.stderr + run.stdout, /p@ss|p%40ss/);
    assert.deepEqual(await s3.openUploads(bucket), []);

    const folder = await mkdtemp(join(tmpdir(), 'pg-offsite-restore-'));
    await chmod(folder, 0o755);
    try {
      await writeFile(join(folder, 'identity'), keygen.stdout);
      for (const { key } of await s3.objects(bucket)) {
        await writeFile(join(folder, basename(key)), await s3.read(bucket, key));
      }
      const { client } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest;
      const target = await into.createDatabase('restored');
      const script = `cd /backup && sha256sum --quiet -c SHA256SUMS &&
        age -d -i identity database.dump.zst.age | zstd -dc |
        /usr/lib/postgresql/$1/bin/pg_restore --exit-on-error -d "$TARGET"`;
      const restore = await runContainer(withImage, {
        args: ['-c', script, 'sh', String(client.major)],
        env: { TARGET: target },
        flags: [...hardened, '--entrypoint=sh', `--volume=${folder}:/backup:ro`],
      });
      assert.equal(restore.exitCode, 0, restore.stderr);
      assert.equal(await into.psql(fingerprint, 'restored'), await server.psql(fingerprint, 'shop'));
      return client.major;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  test('comes from the client of the server’s own major, and stock tools restore it', async () => {
    assert.ok(
      majors.includes(server.major),
      `the image has ${majors.join()}, this machine's server is ${server.major}`,
    );
    assert.equal(await backUpAndRestore(image, server), server.major);
  });

  test('comes from the next newer client where the server’s major is missing', async () => {
    const newer = majors.filter((major) => major > server.major);
    const newerImage = await buildImage(newer);
    // Such a dump is for servers of the client's own major: 17's, for one, sets transaction_timeout.
    await using newServer = await startServerContainer();
    assert.equal(await backUpAndRestore(newerImage, newServer), newer[0]);
  });

  test('is refused when every client is older than the server', async () => {
    const [oldest = 0] = majors;
    const oldImage = await buildImage([oldest]);
    await using newServer = await startServerContainer();
    const bucket = await s3.createBucket();
    const run = await runContainer(oldImage, {
      env: { ...s3.env(bucket), DATABASE_URL: newServer.url },
      flags: hardened,
    });
    assert.equal(run.exitCode, 78, run.stderr);
    assert.match(run.stderr, new RegExp(`\\b${newServer.major}\\b`));
    assert.match(run.stderr, new RegExp(`\\b${oldest}\\b`));
    assert.deepEqual(await s3.objects(bucket), []);
    assert.deepEqual(await s3.openUploads(bucket), []);
  });

  test('is found possible by doctor, the image’s own health check', async () => {
    const bucket = await s3.createBucket();
    const env = { ...s3.env(bucket), DATABASE_URL: source };
    const run = await runContainer(image, { args: ['doctor'], env, flags: hardened });
    assert.equal(run.exitCode, 0, run.stderr + run.stdout);
    assert.deepEqual(await s3.objects(bucket), []);
  });
});

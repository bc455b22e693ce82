import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isProofFile } from '../../src/catalog/keys.ts';
import { parseProof, type Proof } from '../../src/catalog/proof.ts';
import {
  buildImage,
  type ContainerResult,
  hardened,
  runContainer,
  startContainer,
} from '../support/image/container.ts';
import { startServerContainer, type ServerContainer } from '../support/image/server-container.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';
import { until } from '../support/until.ts';

const s3 = await useS3();
/** The one writable folder, and a user without a name: what OpenShift gives. */
const scratch = [...hardened, '--passwd=false', '--tmpfs=/scratch:mode=1777,size=1g', '--env=TMPDIR=/scratch'];

describe('a drill in the image, hardened, with one writable folder', () => {
  let image = '';
  let identity = '';
  let recipient = '';
  let server: TestPostgres;
  let newer: ServerContainer;
  let rich: Record<string, string>;
  before(async () => {
    [image, server] = await Promise.all([buildImage(), startPostgres()]);
    newer = await startServerContainer();
    const keys = (await runContainer(image, { flags: ['--entrypoint=age-keygen'] })).stdout;
    identity = /AGE-SECRET-KEY-\w+/.exec(keys)?.[0] ?? '';
    recipient = /age1\w+/.exec(keys)?.[0] ?? '';
    rich = await backUp(await server.createDatabase('rich', join(import.meta.dirname, 'rich.sql')));
  });
  after(async () => {
    await newer[Symbol.asyncDispose]();
    await server.stop();
  });

  /** Makes an encrypted backup and returns the variables of those who read it. */
  const backUp = async (source: string): Promise<Record<string, string>> => {
    const store = s3.env(await s3.createBucket());
    const env = { ...store, DATABASE_URL: source, AGE_RECIPIENTS: recipient };
    const run = await runContainer(image, { env, flags: hardened });
    assert.equal(run.exitCode, 0, run.stderr);
    return { ...store, AGE_IDENTITY: identity };
  };
  const drill = (env: Record<string, string>, flags: readonly string[] = scratch): Promise<ContainerResult> =>
    runContainer(image, { args: ['drill', 'latest'], env, flags });
  const proofs = async ({ S3_BUCKET: bucket = '' }: Record<string, string>): Promise<Proof[]> => {
    const keys = (await s3.objects(bucket)).map(({ key }) => key);
    const found = keys.filter((key) => isProofFile(key.split('/').at(-1) ?? ''));
    return Promise.all(found.map(async (key) => parseProof(Buffer.from(await s3.read(bucket, key)).toString(), key)));
  };

  test('passes on a newer major, records the proof, and the list shows it', async () => {
    const run = await drill(rich);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^table sales\.customers +3,000 +3,000 +same$/m);
    assert.match(run.stdout, /^passed: rich /m);
    const [proof, ...others] = await proofs(rich);
    assert.deepEqual(others, []);
    assert.equal(proof?.outcome, 'passed');
    assert.ok(Number(proof.versions.server?.split('.')[0]) > server.major, proof.versions.server ?? '');
    assert.deepEqual(
      proof.checks.filter(({ outcome }) => outcome !== 'passed'),
      [],
    );
    const list = await runContainer(image, { args: ['list'], env: rich, flags: hardened });
    assert.equal(list.exitCode, 0, list.stderr);
    assert.match(list.stdout, /\bpassed \S+ \S+ ago\b/);
  });

  test('passes with pgvector, hstore and pg_trgm, as the image’s own user', async () => {
    const source = await newer.createDatabase('embedded');
    await newer.psql(
      `CREATE EXTENSION vector; CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm;
       CREATE TABLE items AS SELECT n AS id, ARRAY[n, n % 7, n % 13]::vector(3) AS place, hstore('n', n::text) AS tags,
         md5(n::text) AS name FROM generate_series(1, 5000) n;
       CREATE INDEX ON items USING hnsw (place vector_l2_ops); CREATE INDEX ON items USING gin (name gin_trgm_ops)`,
      'embedded',
    );
    const env = { ...(await backUp(source)), DRILL_CHECK_SQL: `SELECT '[1,1,1]' <-> place < 0.1 FROM items LIMIT 1` };
    const run = await drill(env, [...scratch, '--user=10001:10001']);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^extension vector +.* +same$/m);
    assert.equal((await proofs(env))[0]?.outcome, 'passed');
  });

  test('could not run without an extension, which it names', async () => {
    const source = await newer.createDatabase('addressed');
    await newer.psql(`CREATE EXTENSION ip4r; CREATE TABLE hosts AS SELECT '10.0.0.0/8'::ip4r AS range`, 'addressed');
    const env = await backUp(source);
    const run = await drill(env);
    assert.equal(run.exitCode, 65, run.stdout + run.stderr);
    assert.match(run.stdout, /could not run: .*ip4r/);
    assert.equal((await proofs(env))[0]?.outcome, 'could not run');
  });

  test('could not run without a writable folder, and says what to mount', async () => {
    const run = await drill(rich, hardened);
    assert.equal(run.exitCode, 65, run.stdout + run.stderr);
    assert.match(run.stdout, /could not run: .*no folder for a server/);
    assert.match(run.stdout, /HINT: .*TMPDIR/);
  });

  test('is part of the backup with VERIFY=drill, and refused before the dump where it could not run', async () => {
    const form = { AGE_RECIPIENTS: recipient, AGE_IDENTITY: identity, VERIFY: 'drill' };
    const store = s3.env(await s3.createBucket());
    const env = { ...store, ...form, DATABASE_URL: server.url('rich') };
    const proved = await runContainer(image, { env, flags: scratch });
    assert.equal(proved.exitCode, 0, proved.stderr);
    assert.equal((JSON.parse(proved.stdout) as { verified: string }).verified, 'drill');
    assert.equal((await proofs(store))[0]?.outcome, 'passed');

    const empty = s3.env(await s3.createBucket());
    const source = await newer.createDatabase('unprovable');
    await newer.psql('CREATE EXTENSION ip4r', 'unprovable');
    const refused = await runContainer(image, { env: { ...empty, ...form, DATABASE_URL: source }, flags: scratch });
    assert.equal(refused.exitCode, 65, refused.stderr);
    assert.match(refused.stderr, /could not run: .*ip4r/);
    assert.deepEqual(await s3.objects(empty['S3_BUCKET'] ?? ''), []);
  });

  test('removes what a drill has left that was killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pg-offsite-image-drill-'));
    await chmod(folder, 0o777);
    const flags = [...hardened, '--passwd=false', `--volume=${folder}:/scratch`, '--env=TMPDIR=/scratch'];
    try {
      const endless = { ...rich, DRILL_CHECK_SQL: 'SELECT true FROM pg_sleep(600)' };
      await using killed = startContainer(image, { args: ['drill', 'latest'], env: endless, flags });
      let early: ContainerResult | undefined;
      void killed.ended.then((result) => (early = result));
      const serving = async (): Promise<boolean> => {
        assert.equal(early, undefined);
        const [left = ''] = await readdir(folder);
        return (await readFile(join(folder, left, 'data/postmaster.pid'), 'utf8').catch(() => '')).includes('ready');
      };
      await until('the scratch server is ready', serving);
      await killed.signal('KILL');
      await killed.ended;
      const [left = ''] = await readdir(folder);
      assert.ok((await readdir(join(folder, left))).includes('data'));
      // A container cannot see whether another one lives: it waits until its files have not been touched for minutes.
      const longAgo = new Date(Date.now() - 10 * 60_000);
      await utimes(join(folder, left, 'owner.json'), longAgo, longAgo);
      const run = await drill(rich, flags);
      assert.equal(run.exitCode, 0, run.stdout + run.stderr);
      assert.deepEqual(await readdir(folder), []);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

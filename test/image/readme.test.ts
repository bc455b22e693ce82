import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { onlyLine } from '../backup/scene.ts';
import { backupVariables, block, swap } from '../readme/text.ts';
import { buildImage } from '../support/image/container.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';

/*
 * The README's docker lines, run by a shell as they stand: `docker` is podman here, names and keys are local ones.
 */
const support = join(import.meta.dirname, '../support/image');
const s3 = await useS3();
let image = '';
let server: TestPostgres;
let folder = '';
before(async () => {
  [image, server] = await Promise.all([buildImage(), startPostgres({ password: 'the superuser’s' })]);
  await server.createDatabase('shop');
  await server.psql(`CREATE TABLE orders AS SELECT 1 AS id; ${block('sql', 'CREATE ROLE')}`, 'shop');
  folder = await mkdtemp(join(tmpdir(), 'pg-offsite-readme-'));
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a script in the folder with podman in the place of docker, whose containers have no /tmp to write to either. */
async function run(script: string): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const docker = `docker() {
    verb=$1; shift
    case $verb in
      build) test "$1" = -t && test "$3" = . && "$SUPPORT/build.sh" "$2" >&2 ;;
      run) "$SUPPORT/podman.sh" run --read-only-tmpfs=false "$@" ;;
      *) exit 64 ;;
    esac
  }`;
  const env = { ...process.env, SUPPORT: support };
  const child = spawn('sh', ['-euc', `${docker}\n${script}`], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout, stderr };
}

/** The README's own values, each with the local one that takes its place. */
async function local(bucket: string): Promise<Record<string, string>> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AGE_RECIPIENTS = '' } = await backupVariables();
  const key = await readFile(join(folder, 'key.txt'), 'utf8');
  return {
    'db.example.com:5432': `127.0.0.1:${server.port}`,
    'sslmode=require': 'sslmode=disable',
    's3://acme-backups/production': `s3://${bucket}/production`,
    [AWS_ACCESS_KEY_ID]: s3.accessKeyId,
    [AWS_SECRET_ACCESS_KEY]: s3.secretAccessKey,
    [AGE_RECIPIENTS]: /age1\w+/.exec(key)?.[0] ?? '',
  };
}

test('the image is built, and makes a key pair', async () => {
  const { exitCode, stderr } = await run(swap(block('sh', 'docker build'), { 'pg-offsite': image }));
  assert.equal(exitCode, 0, stderr);
  const key = await readFile(join(folder, 'key.txt'), 'utf8');
  assert.match(key, /^AGE-SECRET-KEY-1\w+$/m);
  const [recipient = 'none'] = /age1\w+/.exec(key) ?? [];
  assert.ok(stderr.includes(`Public key: ${recipient}`), 'the public key is shown');
  assert.equal((await stat(join(folder, 'key.txt'))).mode & 0o777, 0o600);
});

/** Writes `backup.env` as the README does, with the local values and the address of the local store. */
async function writeVariables(bucket: string): Promise<void> {
  const address = `\nS3_ENDPOINT=${s3.endpoint}\nEND\n`;
  const script = swap(block('sh', 'cat > backup.env'), { ...(await local(bucket)), '\nEND\n': address });
  const { exitCode, stderr } = await run(script);
  assert.equal(exitCode, 0, stderr);
  assert.equal((await stat(join(folder, 'backup.env'))).mode & 0o777, 0o600);
}

test('the run makes a backup and prints its one line', async () => {
  const bucket = await s3.createBucket();
  await writeVariables(bucket);
  const { exitCode, stdout, stderr } = await run(
    swap(block('sh', '--cap-drop ALL'), { ' pg-offsite\n': ` ${image}\n` }),
  );
  assert.equal(exitCode, 0, stderr);
  const { outcome, database, location } = onlyLine(stdout);
  assert.deepEqual([outcome, database], ['success', 'shop']);
  assert.match(String(location), new RegExp(`^s3://${bucket}/production/shop/`));
  assert.equal((await s3.objects(bucket)).length, 5);
});

test('doctor takes the same variables, and leaves nothing behind', async () => {
  const bucket = await s3.createBucket();
  await writeVariables(bucket);
  const { exitCode, stdout, stderr } = await run(
    swap(block('sh', 'pg-offsite doctor'), { ' pg-offsite': ` ${image}` }),
  );
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(stdout, /all fine: a backup can be made\n$/);
  assert.deepEqual(await s3.objects(bucket), []);
  assert.deepEqual(await s3.openUploads(bucket), []);
});

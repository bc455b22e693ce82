import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';
import { createS3User, type S3User } from '../support/s3-users.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/PERMISSIONS.md'), 'utf8');

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
}

/** The statements of the policy under a heading, about another bucket. */
function statementsOf(role: string, bucket: string): Statement[] {
  const [, json = ''] = new RegExp(`^## ${role}\n.*?^\`\`\`json\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  return (JSON.parse(json.replaceAll('acme-backups', bucket)) as { Statement: Statement[] }).Statement;
}

/** The statements as a bucket's policy has them: with the user, each under a name of its own. */
function grant({ name, principal }: S3User, statements: readonly Statement[]): object[] {
  return statements.map((one, index) => ({ ...one, Sid: `${name}${String(index)}`, Principal: { AWS: [principal] } }));
}

async function putPolicy(name: string, Statement: readonly object[]): Promise<void> {
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await s3.client.send(new PutBucketPolicyCommand({ Bucket: name, Policy }));
}

const s3 = await useS3();
const roles = ['Writer', 'Verifier', 'Pruner', 'Lifecycle'] as const;
type Role = (typeof roles)[number];

let postgres: TestPostgres;
let bucket: string;
const users = new Map<Role, S3User>();
before(async () => {
  postgres = await startPostgres();
  await postgres.createDatabase('shop');
  await postgres.createDatabase('target');
  await postgres.psql('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 100) i', 'shop');
  bucket = await s3.createBucket();
  const granted: object[] = [];
  for (const role of roles) {
    const user = await createS3User(s3, `${role.toLowerCase()}-${randomBytes(4).toString('hex')}`);
    users.set(role, user);
    granted.push(...grant(user, statementsOf(role, bucket)));
  }
  await putPolicy(bucket, granted);
});
after(() => postgres.stop('immediate'));

/** Runs a command with the key of one role. */
function run(role: Role, args: readonly string[], changes: Record<string, string> = {}): Promise<EndedRun> {
  const { accessKeyId, secretAccessKey } = users.get(role)!;
  const key = { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey };
  const place = { ...s3.env(bucket), ...key, S3_PREFIX: 'production', S3_RETRY_FOR: '2s', BACKUP_ATTEMPTS: '1' };
  return runEntrypoint({ ...place, DATABASE_URL: postgres.url('shop'), ...changes }, { args });
}

async function succeeds(role: Role, args: readonly string[], changes: Record<string, string> = {}): Promise<EndedRun> {
  const ended = await run(role, args, changes);
  assert.equal(ended.exitCode, 0, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
  assert.doesNotMatch(ended.stderr, /WARN|ERROR/);
  return ended;
}

async function isDenied(role: Role, args: readonly string[], changes: Record<string, string> = {}): Promise<void> {
  const ended = await run(role, args, changes);
  assert.equal(ended.exitCode, 77, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`);
}

/** Asserts that a role's key may do none of these by itself. */
async function mayNot(role: Role, what: readonly ('delete' | 'put' | 'get' | 'list')[], key: string): Promise<void> {
  const { accessKeyId, secretAccessKey } = users.get(role)!;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint: s3.endpoint, region: s3.region, credentials, forcePathStyle: true });
  const commands = {
    delete: () => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
    put: () => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'x' })),
    get: () => client.send(new GetObjectCommand({ Bucket: bucket, Key: key })),
    list: () => client.send(new ListObjectsV2Command({ Bucket: bucket })),
  };
  for (const one of what) await assert.rejects(commands[one](), { name: 'AccessDenied' }, `${role} may ${one} ${key}`);
  client.destroy();
}

const files = async (): Promise<string[]> => (await s3.objects(bucket)).map(({ key }) => key);
const only = async (file: string): Promise<string> => (await files()).find((key) => key.endsWith(file)) ?? '';

describe('with exactly the rights of docs/PERMISSIONS.md', () => {
  test('the writer makes a backup, and says what it skipped', async () => {
    const { stderr } = await succeeds('Writer', [], { VERIFY: 'download' });
    assert.match(stderr, /skipped the comparison with the previous backup: .*403/);
    assert.match(stderr, /unfinished uploads cannot be swept here/);
    assert.match(stderr, /counts as daily, since neither earlier ones nor BACKUP_SCHEDULE are known/);
    assert.equal((await files()).length, 5);
  });

  test('the writer knows the tier by the schedule', async () => {
    const { stderr } = await succeeds('Writer', [], { BACKUP_SCHEDULE: '0 0 1 1 *' });
    assert.match(stderr, /counts as yearly by BACKUP_SCHEDULE/);
  });

  test('the writer finds with doctor that a backup can be made', async () => {
    const { stdout } = await succeeds('Writer', ['doctor']);
    assert.match(stdout, /^skip {2}store: ask for an object: cannot be tried/m);
    assert.match(stdout, /all fine: a backup can be made\n$/);
  });

  test('the writer can neither list nor delete', async () => {
    await isDenied('Writer', ['list']);
    await mayNot('Writer', ['delete', 'list'], await only('manifest.json'));
    await mayNot('Writer', ['put', 'get'], 'elsewhere/x');
  });

  test('the verifier lists, checks, reports, verifies, restores and drills', async () => {
    await succeeds('Verifier', ['list']);
    await succeeds('Verifier', ['check', '--max-age', '1h']);
    await succeeds('Verifier', ['verify', 'latest']);
    await succeeds('Verifier', ['restore', 'latest'], { TARGET_DATABASE_URL: postgres.url('target') });
    await succeeds('Verifier', ['drill', '--no-proof']);
    await succeeds('Verifier', ['drill']);
    await succeeds('Verifier', ['check', '--proved', '--max-age', '1h']);
    assert.match((await succeeds('Verifier', ['report'])).stdout, /Last proof/);
    assert.equal((await files()).filter((key) => /\/proof-\w+\.json$/.test(key)).length, 1);
  });

  test('the verifier can neither write nor delete', async () => {
    const before = await files();
    await isDenied('Verifier', []);
    await mayNot('Verifier', ['put', 'delete'], await only('manifest.json'));
    await mayNot('Verifier', ['put', 'delete'], await only('database.dump.zst'));
    await mayNot('Verifier', ['delete'], await only('.json'));
    await mayNot('Verifier', ['list', 'get'], 'elsewhere/x');
    assert.deepEqual(await files(), before);
  });

  test('the pruner prunes', async () => {
    const proof = (await files()).find((key) => key.includes('/proof-')) ?? '';
    // Where all are younger than an hour, one more than KEEP_MINIMUM stays.
    await succeeds('Writer', []);
    const { stdout } = await succeeds('Pruner', ['prune', '--yes'], { KEEP_LAST: '1', KEEP_MINIMUM: '1' });
    assert.match(stdout, /^shop: removed 1 of 1,/m);
    assert.ok((await files()).includes(proof), 'the proved one stays');
  });

  test('the pruner finishes a prune that was interrupted, once it can be sure', async () => {
    for (const file of ['manifest.json', 'database.dump.zst']) {
      await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: await only(file) }));
    }
    const { stdout } = await succeeds('Pruner', ['prune', '--dry-run'], { KEEP_LAST: '1' });
    assert.match(stdout, /left alone, not counted: .*, it has no manifest/);
  });

  test('the pruner can neither read data nor write', async () => {
    await isDenied('Pruner', []);
    await succeeds('Writer', []);
    await isDenied('Pruner', ['verify', 'latest']);
    await mayNot('Pruner', ['get', 'put'], await only('database.dump.zst'));
    await mayNot('Pruner', ['put'], await only('manifest.json'));
    await mayNot('Pruner', ['delete', 'list'], 'elsewhere/x');
  });

  test('with the rights of writer and pruner a backup removes old ones', async () => {
    const together = await s3.createBucket();
    const user = await createS3User(s3, `both-${randomBytes(4).toString('hex')}`);
    await putPolicy(together, grant(user, [...statementsOf('Writer', together), ...statementsOf('Pruner', together)]));
    const { accessKeyId, secretAccessKey } = user;
    const key = { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey };
    const env = { ...s3.env(together), ...key, S3_PREFIX: 'production', DATABASE_URL: postgres.url('shop') };
    for (const pruned of [0, 0, 1]) {
      const { exitCode, stdout, stderr } = await runEntrypoint({ ...env, KEEP_LAST: '2', KEEP_MINIMUM: '1' });
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual((JSON.parse(stdout) as Record<string, unknown>)['pruned'], { removed: pruned, failed: 0 });
    }
    assert.equal((await s3.objects(together)).length, 10);
  });

  test('tags and locks need no more than the page says', async () => {
    const more = ['S3_TAGS=on', 'S3_OBJECT_LOCK_MODE'].map(
      (name) => new RegExp(`^- \`${name}\`: \`(s3:\\w+)\`$`, 'm').exec(page)?.[1] ?? '',
    );
    const locked = `locked-${randomBytes(6).toString('hex')}`;
    await s3.client.send(new CreateBucketCommand({ Bucket: locked, ObjectLockEnabledForBucket: true }));
    const user = await createS3User(s3, `locker-${randomBytes(4).toString('hex')}`);
    const { accessKeyId, secretAccessKey } = user;
    const env = {
      ...s3.env(locked),
      ...fakePgDump('head -c 12000000 /dev/urandom'),
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
      S3_PREFIX: 'production',
      S3_PART_SIZE: '5MiB',
      S3_TAGS: 'on',
      S3_OBJECT_LOCK_MODE: 'GOVERNANCE',
      S3_OBJECT_LOCK_FOR: '1h',
      COMPRESSION: 'none',
      BACKUP_ATTEMPTS: '1',
      DATABASE_URL: postgres.url('shop'),
    };
    const [write] = statementsOf('Writer', locked);
    assert.ok(more.every((right) => right.startsWith('s3:Put')));
    // That each is needed cannot be seen here: this store lets whoever wrote an object tag and lock it.
    await putPolicy(locked, grant(user, [{ ...write!, Action: [...write!.Action, ...more] }]));
    const { exitCode, stderr } = await runEntrypoint(env);
    assert.equal(exitCode, 0, stderr);
    assert.equal((await s3.objects(locked)).length, 5);
  });

  test('signatures are written, demanded and pruned with the same rights', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const MANIFEST_PUBLIC_KEY = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const signing = { MANIFEST_SIGNING_KEY: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString() };
    await succeeds('Writer', [], { ...signing, MANIFEST_PUBLIC_KEY });
    await succeeds('Verifier', ['verify', 'latest'], { MANIFEST_PUBLIC_KEY });
    await succeeds('Verifier', ['drill'], { ...signing, MANIFEST_PUBLIC_KEY });
    await succeeds('Verifier', ['check', '--proved', '--max-age', '1h'], { MANIFEST_PUBLIC_KEY });
    const { stdout } = await succeeds('Pruner', ['prune'], { MANIFEST_PUBLIC_KEY, KEEP_LAST: '1', KEEP_MINIMUM: '1' });
    assert.match(stdout, /^shop: 1 of 1 backup stays, none goes$/m);
    assert.match(stdout, /^stays .* newest proved$/m);
    assert.match(stdout, /^left alone, not counted: .*manifest\.json is not signed$/m);
  });

  test('lifecycle puts rules and may do nothing else', async () => {
    const { stdout } = await succeeds('Lifecycle', ['lifecycle', '--apply'], { KEEP_DAILY: '7' });
    assert.match(stdout, /\nput and read back: /);
    await isDenied('Lifecycle', ['list']);
    await isDenied('Pruner', ['lifecycle', '--apply'], { KEEP_DAILY: '7' });
    await mayNot('Lifecycle', ['get', 'put', 'delete', 'list'], await only('manifest.json'));
  });
});

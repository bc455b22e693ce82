import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { assertNoCanary, useScene } from '../backup/scene.ts';
import type { EndedRun } from '../support/entrypoint.ts';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { freePort } from '../support/ports.ts';
import { startSink } from '../support/sink.ts';
import { until } from '../support/until.ts';

const scene = useScene();

/** Runs the doctor and asserts that it leaves nothing behind, whatever it finds. */
async function examine(changes: Record<string, string> = {}): Promise<EndedRun> {
  const run = await scene.start(changes, { args: ['doctor'] }).ended;
  assert.deepEqual(scene.addedFiles(), []);
  assert.deepEqual(scene.server.openUploads, []);
  assert.deepEqual(run.leftBehind, []);
  assertNoCanary(run.stdout + run.stderr);
  const sessions = `select count(*) from pg_stat_activity where application_name like 'pg-offsite%'`;
  await until('no session is left', async () => (await scene.postgres.psql(sessions)) === '0');
  return run;
}

test('the doctor finds everything fine', async () => {
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  const { exitCode, stdout } = await examine({ AGE_RECIPIENTS: recipient, COMPRESSION: 'zstd', KEEP_LAST: '7' });
  assert.equal(exitCode, 0, stdout);
  assert.doesNotMatch(stdout, /^FAIL/m);
  for (const what of [
    'encryption',
    'database login',
    'client programs',
    'rights on everything',
    'roles and settings',
    'snapshot',
    'store: list',
    'store: delete',
  ]) {
    assert.match(stdout, new RegExp(`^ok {4}${what}: `, 'm'));
  }
  assert.match(stdout, /^ok {4}compression: \S+\/zstd, level 2$/m);
  assert.match(stdout, /^ok {4}store: the address is of no provider that is known by it/m);
  assert.match(stdout, /all fine: a backup can be made\n$/);
});

test('the doctor names the channels and sends nothing', async () => {
  assert.match((await examine()).stdout, /^ok {4}notifications: none: a failure shows only in the log/m);
  const sink = await startSink();
  const { exitCode, stdout } = await examine({
    SLACK_WEBHOOK_URL: `${sink.url}/services/canary`,
    HEALTHCHECK_URL: `${sink.url}/ping/canary`,
    NOTIFY_ON: 'recovery',
  });
  await sink.close();
  assert.equal(exitCode, 0, stdout);
  assert.match(
    stdout,
    /^ok {4}notifications: Slack, Ping; people are told of failures and of the first success after/m,
  );
  assert.match(
    stdout,
    /^warn {2}encryption: none: whoever can read the bucket can read the data; set AGE_RECIPIENTS$/m,
  );
  assert.doesNotMatch(stdout, /canary/);
  assert.deepEqual(sink.requests, []);
});

const role = async (name: string, grants: string): Promise<string> => {
  await scene.postgres.psql(`create role ${name} login password 'the-password'; ${grants}`, 'shop');
  return scene.postgres.url('shop', { user: name, password: 'the-password' });
};

test('the doctor finds tables that may not be read', async () => {
  const { exitCode, stdout } = await examine({ DATABASE_URL: await role('half', 'grant select on customers to half') });
  assert.equal(exitCode, 65, stdout);
  assert.match(
    stdout,
    /^FAIL {2}rights on everything: half may not read public\.notes\n {6}GRANT pg_read_all_data TO "half"/m,
  );
});

test('the doctor finds rows that would be hidden', async () => {
  const DATABASE_URL = await role(
    'tenant',
    `grant pg_read_all_data to tenant; alter table notes enable row level security`,
  );
  try {
    const { exitCode, stdout } = await examine({ DATABASE_URL });
    assert.equal(exitCode, 65, stdout);
    assert.match(
      stdout,
      /^FAIL .*row-level security hides rows of public\.notes from tenant\n {6}ALTER ROLE "tenant" BYPASSRLS;/m,
    );
  } finally {
    await scene.postgres.psql('alter table notes disable row level security', 'shop');
  }
});

for (const [title, changes, exitCode, told] of [
  [
    'the wrong key for the store',
    { S3_ACCESS_KEY_ID: 'wrong' },
    77,
    /^FAIL {2}store: .*InvalidAccessKeyId.*\n {6}Check S3_ACCESS_KEY_ID/m,
  ],
  ['a bucket that is not there', { BACKUP_DESTINATION: 's3://nowhere' }, 78, /^FAIL {2}store: .*NoSuchBucket/m],
  [
    'an age recipient that cannot be used',
    { AGE_RECIPIENTS: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q' },
    78,
    /AGE_RECIPIENTS/,
  ],
  [
    'a database that is not there',
    { DATABASE_URL: '', PGHOST: '127.0.0.1', PGPORT: '1', PGUSER: 'backup' },
    69,
    /^FAIL {2}database login: nothing answers at 127\.0\.0\.1:1/m,
  ],
] as const) {
  test(`the doctor finds ${title}`, async () => {
    const run = await examine(changes);
    assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
    assert.match(run.stdout + run.stderr, told);
  });
}

test('the doctor finds that no client is new enough', async () => {
  const { exitCode, stdout } = await examine(fakePgDump('exit 0', 12));
  assert.equal(exitCode, 78, stdout);
  assert.match(stdout, /^FAIL {2}client programs: the server is PostgreSQL 15/m);
});

test('the doctor finds rights that the store does not give', async () => {
  const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  scene.server.fault({ operation: 'ListObjectsV2', action: denied });
  scene.server.fault({ operation: 'DeleteObject', action: denied });
  const { exitCode, stdout } = await examine({ KEEP_LAST: '7' });
  assert.equal(exitCode, 77, stdout);
  assert.match(stdout, /^FAIL {2}store: list: .*AccessDenied.*\n {6}.*s3:ListBucket/m);
  assert.match(stdout, /^FAIL {2}store: delete: .*AccessDenied.*\n {6}.*s3:DeleteObject/m);
  assert.match(stdout, /2 to fix\n$/);
});

test('the doctor goes on after what is wrong and tells it all', async () => {
  const port = await freePort();
  const changes = { DATABASE_URL: `postgresql://postgres@127.0.0.1:${port}/shop`, S3_ACCESS_KEY_ID: 'wrong' };
  const { exitCode, stdout } = await examine(changes);
  assert.equal(exitCode, 69, stdout); // of the first
  assert.match(stdout, /FAIL {2}database login/);
  assert.match(stdout, /FAIL {2}store: begin/);
});

test('the doctor asks a store that does not answer once', async () => {
  const changes = { S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`, S3_RETRY_FOR: '1s', KEEP_LAST: '7' };
  const { exitCode, stdout } = await examine(changes);
  assert.equal(exitCode, 74, stdout);
  assert.match(
    stdout,
    /^FAIL {2}store: begin .*connection refused.*\n.*\n(?:skip {2}store: .*failed above\n){3}1 to fix\n$/m,
  );
});

test('the doctor tries nothing more with a key that the store does not know', async () => {
  const { exitCode, stdout } = await examine({ S3_ACCESS_KEY_ID: 'wrong', KEEP_LAST: '7' });
  assert.equal(exitCode, 77, stdout);
  const skipped = [...stdout.matchAll(/^skip {2}store: (.*): not tried, the store refused the key above$/gm)];
  assert.deepEqual(
    skipped.map(([, what]) => what),
    ['ask for an object', 'list', 'delete'],
  );
  assert.match(stdout, /\n1 to fix\n$/);
});

test('the doctor tells that the folder is not there yet, and does not make it', async () => {
  const folder = join(temporaryFolder(), 'not', 'mounted');
  const changes = { BACKUP_DESTINATION: `file://${folder}` };
  const { exitCode, stdout, stderr } = await examine(changes);
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(stdout, /^warn {2}store: \/.*\/not\/mounted is not there, and the first run will make it; if a volume/m);
  assert.equal(existsSync(dirname(folder)), false);
  const first = await scene.start(changes).ended;
  assert.match(first.stderr, /\/not\/mounted was not there and has been made; if a volume/);
  const second = await scene.start(changes).ended;
  assert.doesNotMatch(second.stderr, /was not there/);
  assert.deepEqual([first.exitCode, second.exitCode], [0, 0], second.stderr);
});

test('the doctor tells of a secret that is an ordinary word', async () => {
  const { stdout } = await examine({ GPG_PASSPHRASE: 'passphrase' });
  assert.match(stdout, /^warn {2}configuration: (a part of )?[A-Z_]+ is short or a plain word/m);
});

test('the doctor tells wrong settings before it asks anybody', async () => {
  const { exitCode, stderr } = await examine({ S3_PART_SIZE: '1KiB', COMPRESSION: 'lzma' });
  assert.equal(exitCode, 78);
  assert.match(stderr, /S3_PART_SIZE[\s\S]*COMPRESSION|COMPRESSION[\s\S]*S3_PART_SIZE/);
  assert.deepEqual(scene.server.calls, []);
});

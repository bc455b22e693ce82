import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePgDump, fakeProgram } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { canaries, useScene } from './scene.ts';

const scene = useScene();

/** Writes so many million bytes. */
const write = (million: number): string => `head -c ${million}000000 /dev/zero`;

const uploading = (): Promise<void> =>
  until('a part is uploaded', () => scene.server.calls.some(({ operation }) => operation === 'UploadPart'));

test('fault 1: pg_dump is killed in the middle of the stream', async () => {
  const run = scene.start(fakePgDump(`${write(7)}; sleep 60`));
  await uploading();
  for (const { pid, commandLine } of run.processes()) if (commandLine.includes('pg_dump')) process.kill(pid, 'SIGKILL');
  await scene.assertFailed(await run.ended, { exitCode: 65, error: /pg_dump was killed by SIGKILL/, hint: /memory/ });
});

test('fault 2: pg_dump fails after it has written a lot', async () => {
  const script = `${write(12)}; echo 'pg_dump: error: query failed: ERROR:  invalid page in block 7' >&2; exit 1`;
  const error = /pg_dump failed with exit code 1: query failed: ERROR: {2}invalid page in block 7/;
  await scene.fails(fakePgDump(script), { exitCode: 65, error });
});

test('fault 2: what pg_dump says is told without the password', async () => {
  const script = `echo "pg_dump: error: connection with password $PGPASSWORD failed" >&2; exit 1`;
  const error = /connection with password \*\*\* failed/;
  await scene.fails(fakePgDump(script), { exitCode: 65, error });
});

test('fault 3: pg_dump succeeds without a byte', async () => {
  await scene.fails(fakePgDump('exit 0'), { exitCode: 65, error: /empty dump/ });
});

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
for (const [behind, form] of [
  ['zstd', { COMPRESSION: 'zstd' }],
  ['gzip', { COMPRESSION: 'gzip' }],
  ['zstd and age', { COMPRESSION: 'zstd', AGE_RECIPIENTS: recipient }],
  ['gpg', { COMPRESSION: 'none', GPG_PASSPHRASE: canaries.passphrase }],
] as const) {
  test(`fault 3: pg_dump succeeds without a byte, which ${behind} turns into some`, async () => {
    await scene.fails({ ...fakePgDump('exit 0'), ...form }, { exitCode: 65, error: /empty dump/ });
  });
}

/** A table whose rows fill every buffer between pg_dump and the store. */
const createWideTable = (): Promise<string> =>
  scene.postgres.psql(
    `create table if not exists wide as select repeat(md5(i::text), 10000) as words from generate_series(1, 150) i`,
    'shop',
  );

test('fault 4: the server ends the session of pg_dump in the middle of a COPY', async () => {
  await createWideTable();
  scene.server.fault({ operation: 'UploadPart', times: 1, action: { kind: 'delay', ms: 700 } });
  const run = scene.start({ S3_UPLOAD_CONCURRENCY: '1' });
  await uploading();
  const end = `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'pg-offsite pg_dump'`;
  assert.equal(await scene.postgres.psql(end), '1');
  await scene.assertFailed(await run.ended, {
    exitCode: 65,
    error: /^pg_dump failed with exit code 1/,
    hint: /server/,
  });
});

test('fault 4: the server ends the session that holds the snapshot', async () => {
  const run = scene.start(fakePgDump(`${write(7)}; sleep 60`));
  await uploading();
  const end = `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'pg-offsite'`;
  assert.equal(await scene.postgres.psql(end), '1');
  await scene.assertFailed(await run.ended, { exitCode: 65, error: /the connection that holds the snapshot/ });
});

test('fault 8: another session holds an exclusive lock on a table', async () => {
  const lock = scene.postgres.psql('begin; lock table customers; select pg_sleep(60)', 'shop').catch(() => '');
  await until('the table is locked', async () => {
    const held = `select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted and relation = 'customers'::regclass`;
    return (await scene.postgres.psql(held, 'shop')) === '1';
  });
  const expected = {
    exitCode: 65,
    error: /held the lock of a table for longer than 0\.3 s/,
    hint: /LOCK_WAIT_TIMEOUT/,
  };
  const { durationMs } = await scene.fails({ LOCK_WAIT_TIMEOUT: '0.3s' }, expected);
  assert.ok(durationMs < 20_000, `it waited ${durationMs} ms`);
  await scene.postgres.psql(
    `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)' and pid <> pg_backend_pid()`,
  );
  await lock;
});

test('fault 9: the role may not read one of the tables', async () => {
  await scene.postgres.psql(
    `create role reader login password 'reader-password'; grant select on customers to reader`,
    'shop',
  );
  const DATABASE_URL = scene.postgres.url('shop', { user: 'reader', password: 'reader-password' });
  await scene.fails(
    { DATABASE_URL },
    { exitCode: 65, error: /permission denied for table notes/, hint: /pg_read_all_data/ },
  );
});

test('fault 10: row-level security would hide rows', async () => {
  await scene.postgres.psql(
    `create role tenant login password 'tenant-password' in role pg_read_all_data;
     create table secured (id int); alter table secured enable row level security`,
    'shop',
  );
  try {
    const DATABASE_URL = scene.postgres.url('shop', { user: 'tenant', password: 'tenant-password' });
    await scene.fails({ DATABASE_URL }, { exitCode: 65, error: /row-level security.*secured/, hint: /BYPASSRLS/ });
  } finally {
    await scene.postgres.psql('drop table secured', 'shop');
  }
});

test('fault 11: the time limits that a role sets for its statements do not end the dump', async () => {
  await scene.postgres.psql(
    `create role hasty login password 'hasty-password' in role pg_read_all_data;
     alter role hasty set statement_timeout = '5ms'; alter role hasty set idle_in_transaction_session_timeout = '50ms'`,
    'shop',
  );
  await scene.succeeds({ DATABASE_URL: scene.postgres.url('shop', { user: 'hasty', password: 'hasty-password' }) });
});

test('fault 14: the compressor does not work at all', async () => {
  const zstd = fakeProgram('zstd', `echo 'zstd: cannot allocate memory' >&2; exit 1`);
  await scene.fails({ COMPRESSION: 'zstd', ...zstd }, { exitCode: 65, error: /^zstd failed .*cannot allocate memory/ });
  assert.ok(!scene.server.calls.some(({ operation }) => operation === 'UploadPart'));
});

test('fault 14: the compressor fails in the middle of the stream', async () => {
  const zstd = fakeProgram(
    'zstd',
    `[ "$(head -c 1 | wc -c)" = 0 ] && exit 0; head -c 5500000; echo 'zstd: error 70 : Write error' >&2; exit 1`,
  );
  await scene.fails(
    { COMPRESSION: 'zstd', ...zstd },
    { exitCode: 65, error: /^zstd failed with exit code 1: .*Write error/ },
  );
});

test('fault 14: the compressor is killed while pg_dump goes on', async () => {
  const run = scene.start({
    COMPRESSION: 'zstd',
    ...fakeProgram('zstd', 'exec cat'),
    ...fakePgDump(`${write(7)}; sleep 60`),
  });
  await uploading();
  const cat = run.processes().find(({ commandLine }) => commandLine.startsWith('cat '));
  assert.ok(cat);
  process.kill(cat.pid, 'SIGKILL');
  await scene.assertFailed(await run.ended, { exitCode: 65, error: /^zstd was killed by SIGKILL/ });
});

test('fault 5: the server is shut down at once in the middle of the dump', async () => {
  await createWideTable();
  scene.server.fault({ operation: 'UploadPart', times: 1, action: { kind: 'delay', ms: 700 } });
  const run = scene.start({ S3_UPLOAD_CONCURRENCY: '1' });
  await uploading();
  await scene.postgres.stop('immediate');
  await scene.assertFailed(await run.ended, {
    exitCode: 65,
    error: /^pg_dump failed|holds the snapshot/,
    hint: /server/,
  });
});

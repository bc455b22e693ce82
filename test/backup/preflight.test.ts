import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakePgDump, fakeProgram, temporaryFolder } from '../support/fake-programs.ts';
import { freePort } from '../support/ports.ts';
import { gpgHome } from '../support/gpg-home.ts';
import { until } from '../support/until.ts';
import { canaries, useScene } from './scene.ts';

const scene = useScene();

test('fault 6: no server answers', async () => {
  const port = await freePort();
  const changes = { DATABASE_URL: `postgresql://postgres@127.0.0.1:${port}/shop` };
  await scene.fails(changes, {
    exitCode: 69,
    error: new RegExp(`nothing answers at 127.0.0.1:${port}`),
    hint: /host and port/,
  });
  assert.deepEqual(scene.server.calls, []);
});

test('fault 6: the password is wrong', async () => {
  const changes = {
    PGPASSWORD: canaries.passphrase,
    DATABASE_URL: `postgresql://postgres@127.0.0.1:${scene.postgres.port}/shop`,
  };
  await scene.fails(changes, { exitCode: 69, error: /login refused for user postgres/, hint: /password/ });
  assert.deepEqual(scene.server.calls, []);
});

test('fault 6: the database does not exist', async () => {
  const changes = { DATABASE_URL: scene.postgres.url('nosuch') };
  await scene.fails(changes, { exitCode: 69, error: /database nosuch does not exist/, hint: /DATABASE_URL/ });
  assert.deepEqual(scene.server.calls, []);
});

test('fault 7: the server is newer than every client there is', async () => {
  const changes = fakePgDump('exit 0', 12);
  await scene.fails(changes, {
    exitCode: 78,
    error: /server is PostgreSQL 15, newer than every client here \(12\)/,
    hint: /PG_MAJORS/,
  });
  assert.deepEqual(scene.server.calls, []);
});

test('fault 13: the address is that of a transaction pooler', async () => {
  const changes = { DATABASE_URL: 'postgresql://app:pw@ep-cool-pooler.eu.example.invalid/shop' };
  await scene.fails(changes, { exitCode: 78, error: /pooler/, hint: /direct address/ });
});

test('fault 15: an age recipient that cannot be used', async () => {
  const bad = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q';
  await scene.fails({ AGE_RECIPIENTS: bad }, { exitCode: 78, error: /AGE_RECIPIENTS/ });
  assert.deepEqual(scene.server.calls, []);
});

test('an encryptor that waits for ever is given up after STALL_TIMEOUT before anything is dumped', async () => {
  const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  const waiting = { ...fakeProgram('age', 'exec sleep 600'), AGE_RECIPIENTS: recipient, STALL_TIMEOUT: '1s' };
  await scene.fails(waiting, { exitCode: 65, error: /trying out compression and encryption took more than 1s/ });
  assert.deepEqual(scene.server.calls, []);
});

test('fault 15: a gpg key that has expired', async (t) => {
  const home = gpgHome();
  t.after(home.remove);
  const changes = { GPG_PUBLIC_KEYS: home.newKey('old@example.com', { expiredSince: '20200101T000000' }) };
  await scene.fails(changes, { exitCode: 78, error: /GPG_PUBLIC_KEYS: gpg cannot encrypt to key 1 .*expired/i });
  assert.deepEqual(scene.server.calls, []);
});

test('fault 55: another run holds the lock', async () => {
  const first = scene.start(fakePgDump('head -c 20000000 /dev/zero; sleep 60'));
  try {
    await until('the first run uploads', () => scene.server.calls.some(({ operation }) => operation === 'UploadPart'));
    const second = await scene.start().ended;
    assert.equal(second.exitCode, 75, second.stderr);
    assert.match(second.stdout, /"error":"another run is backing up shop to s3:\/\/backups\/nightly"/);
    assert.equal(scene.server.openUploads.length, 1); // the first run's: the second has touched nothing
    const elsewhere = await scene.start({ BACKUP_DESTINATION: 's3://backups/weekly' }).ended;
    assert.equal(elsewhere.exitCode, 0, elsewhere.stderr);
    for (const key of scene.server.objects().keys()) if (key.startsWith('weekly/')) scene.server.objects().delete(key);
  } finally {
    first.signal('SIGTERM');
    assert.equal((await first.ended).exitCode, 143);
  }
  await scene.succeeds(); // the lock has gone with its holder
});

test('fault 59: every problem of the configuration is told at once, before any connection', async () => {
  const changes = {
    DATABASE_URL: `mysql://root:${encodeURIComponent(canaries.databasePassword)}@db/shop`,
    S3_PART_SIZE: '1KiB',
    BACKUP_TIMEOUT: 'soon',
    COMPRESSION: 'lzma',
    VERIFY: '  ',
  };
  const run = await scene.fails(changes, { exitCode: 78, error: /S3_PART_SIZE/ });
  for (const name of ['DATABASE_URL', 'S3_PART_SIZE', 'BACKUP_TIMEOUT', 'COMPRESSION']) {
    assert.match(run.stdout, new RegExp(name));
  }
  assert.doesNotMatch(run.stdout, /VERIFY/); // empty counts as unset
  assert.deepEqual(scene.server.calls, []);
});

test('fault 60: a secret in a file, with a line break at its end', async () => {
  const file = join(temporaryFolder(), 'secret');
  writeFileSync(file, `${scene.postgres.url('shop')}\n`);
  await scene.succeeds({ DATABASE_URL: '', DATABASE_URL_FILE: file });
});

test('fault 60: the file of a secret is missing', async () => {
  const changes = { DATABASE_URL: '', DATABASE_URL_FILE: '/nowhere/secret' };
  await scene.fails(changes, { exitCode: 78, error: /DATABASE_URL_FILE.*ENOENT/ });
  assert.deepEqual(scene.server.calls, []);
});

test('fault 60: a password file that others may read', async () => {
  const file = join(temporaryFolder(), 'pgpass');
  writeFileSync(file, `*:*:*:*:${canaries.databasePassword.replaceAll(/[\\:]/g, '\\$&')}\n`);
  chmodSync(file, 0o644);
  const changes = { PGPASSFILE: file, DATABASE_URL: `postgresql://postgres@127.0.0.1:${scene.postgres.port}/shop` };
  await scene.fails(changes, { exitCode: 78, error: /PGPASSFILE/ });
  assert.deepEqual(scene.server.calls, []);
  chmodSync(file, 0o600);
  await scene.succeeds(changes);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { onlyLine, useScene } from './scene.ts';

const scene = useScene();

test('the result line tells what was stored where, and the store agrees', async () => {
  const { result, run } = await scene.succeeds({ COMPRESSION: 'zstd' });
  const { id, durationMs, ...rest } = result as { id: string; durationMs: number };
  const folder = `nightly/shop/${id}`;
  const dump = scene.server.objects().get(`${folder}/database.dump.zst`)?.data;
  assert.ok(dump);
  assert.deepEqual(rest, {
    outcome: 'success',
    exitCode: 0,
    database: 'shop',
    location: `s3://backups/${folder}`,
    bytes: dump.length,
    sha256: createHash('sha256').update(dump).digest('hex'),
    verified: 'head',
    globals: 'none',
    tables: 2,
    rows: 5100,
    warnings: [],
  });
  assert.ok(durationMs > 0 && durationMs <= run.durationMs);
  assert.match(run.stderr, /INFO: done: s3:\/\/backups\/nightly\/shop\/.* verified by head, in /);
});

for (const [changes, file] of [
  [{ BACKUP_FORMAT: 'plain', COMPRESSION: 'gzip' }, 'database.sql.gz'],
  [{ BACKUP_FORMAT: 'plain', COMPRESSION: 'none' }, 'database.sql'],
  [{ COMPRESSION: 'zstd', GPG_PASSPHRASE: 'passphrase' }, 'database.dump.zst.gpg'],
] as const) {
  test(`the name ${file} shows what is inside`, async () => {
    const { result } = await scene.succeeds({ ...changes, VERIFY: 'download' });
    assert.equal(result['verified'], 'download');
    assert.deepEqual(scene.addedFiles().sort(), ['RESTORE.md', 'SHA256SUMS', file, 'manifest.json']);
  });
}

test('a directory serves as a store as well', async () => {
  const folder = temporaryFolder();
  const run = await scene.start({ BACKUP_DESTINATION: `file://${folder}`, VERIFY: 'download' }).ended;
  assert.equal(run.exitCode, 0, run.stderr);
  const { id, sha256, location } = onlyLine(run.stdout) as { id: string; sha256: string; location: string };
  assert.equal(location, `file://${folder}/shop/${id}`);
  const read = (name: string): Buffer => readFileSync(join(folder, 'shop', id, name));
  assert.equal(createHash('sha256').update(read('database.dump')).digest('hex'), sha256);
  assert.equal((JSON.parse(String(read('manifest.json'))) as { id: string }).id, id);
});

test('a dump that shrank by more than SHRINK_ALERT is a warning, and no failure', async () => {
  await scene.succeeds();
  const small = fakePgDump('head -c 6000000 /dev/zero');
  const run = await scene.start(small).ended;
  assert.equal(run.exitCode, 0, run.stderr);
  const { warnings } = onlyLine(run.stdout) as { warnings: string[] };
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /^the dump shrank by 6\d% against \d{8}T\d{6}Z-\w{6} \(\d+ to 6000000 bytes\)/);
  assert.match(run.stderr, /WARN: the dump shrank/);
});

for (const SHRINK_ALERT of ['0', '90%']) {
  test(`a dump that shrank by less than SHRINK_ALERT=${SHRINK_ALERT} is none`, async () => {
    await scene.succeeds();
    const run = await scene.start({ ...fakePgDump('head -c 6000000 /dev/zero'), SHRINK_ALERT }).ended;
    assert.deepEqual(onlyLine(run.stdout)['warnings'], []);
  });
}

test('a name that is nearly one of ours is a warning', async () => {
  const { run } = await scene.succeeds({ S3_STORAGE_KLASS: 'STANDARD_IA' });
  assert.match(run.stderr, /WARN: S3_STORAGE_KLASS is not a variable .*did you mean S3_STORAGE_CLASS\?/);
});

test('with LOG_FORMAT=json every line of the log is an object', async () => {
  const ended = [await scene.start({ LOG_FORMAT: 'json' }).ended];
  ended.push(await scene.start({ LOG_FORMAT: 'json', S3_ACCESS_KEY_ID: 'wrong' }).ended);
  ended.push(await scene.start({ LOG_FORMAT: 'json', DATABASE_URL: '' }).ended);
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    [0, 77, 78],
  );
  for (const { stderr, exitCode } of ended) {
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(lines.length > 0);
    for (const { level, time, msg } of lines) {
      assert.match(`${String(level)} ${String(time)}`, /^(info|warn|error) \d{4}-\d\d-\d\dT/);
      assert.equal(typeof msg, 'string');
    }
    if (exitCode !== 0) assert.equal(lines.at(-1)?.['exitCode'], exitCode);
  }
});

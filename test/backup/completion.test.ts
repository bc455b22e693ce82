import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { useScene } from './scene.ts';

const scene = useScene();
const endsWith =
  (file: string) =>
  ({ key }: { readonly key: string }): boolean =>
    key.endsWith(file);
const broken = { kind: 'answer', status: 500 } as const;

for (const file of ['SHA256SUMS', 'RESTORE.md', 'manifest.json']) {
  test(`fault 56: ${file} cannot be written after the dump`, async () => {
    scene.server.fault({ operation: 'PutObject', when: endsWith(file), action: broken });
    await scene.fails({}, { exitCode: 74, error: new RegExp(`could not store .*/${file}: server answered 500`) });
    assert.ok(scene.server.calls.some(({ operation }) => operation === 'CompleteMultipartUpload'));
  });
}

test('fault 56: the manifest is stored, but the store never says so', async () => {
  scene.server.fault({
    operation: 'PutObject',
    when: endsWith('manifest.json'),
    times: 1,
    action: { kind: 'lose-reply' },
  });
  scene.server.fault({ operation: 'HeadObject', when: endsWith('manifest.json'), action: broken });
  await scene.fails({}, { exitCode: 74, error: /manifest\.json/ });
});

test('fault 56: the store keeps the manifest only after the run has given up on it', async () => {
  scene.server.fault({ operation: 'PutObject', when: endsWith('manifest.json'), action: { kind: 'late', ms: 4500 } });
  await scene.fails({ S3_TIMEOUT: '1s', S3_RETRY_FOR: '1s' }, { exitCode: 74, error: /manifest\.json/ });
});

test('a manifest whose reply was lost is settled by asking the store', async () => {
  scene.server.fault({
    operation: 'PutObject',
    when: endsWith('manifest.json'),
    times: 1,
    action: { kind: 'lose-reply' },
  });
  await scene.succeeds();
});

test('fault 56: what a failed run wrote cannot be removed either', async () => {
  scene.server.fault({ operation: 'PutObject', when: endsWith('manifest.json'), action: broken });
  scene.server.fault({ operation: 'DeleteObject', action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
  const { exitCode, stderr } = await scene.start().ended;
  assert.equal(exitCode, 74, stderr);
  assert.deepEqual(scene.addedFiles().sort(), ['RESTORE.md', 'SHA256SUMS', 'database.dump']); // no manifest: no backup
  for (const file of scene.addedFiles()) assert.match(stderr, new RegExp(`WARN: could not remove .*/${file}`));
});

test('fault 44: one bit of the stored dump is flipped', async () => {
  scene.server.fault({ operation: 'UploadPart', from: 2, times: 1, action: { kind: 'corrupt' } });
  await scene.fails(
    { VERIFY: 'download' },
    { exitCode: 76, error: /reads back with SHA-256 [0-9a-f]{64}, but [0-9a-f]{64} was sent/, hint: /Do not trust/ },
  );
});

for (const file of ['SHA256SUMS', 'RESTORE.md', 'manifest.json']) {
  test(`fault 44: one bit of the stored ${file} is flipped`, async () => {
    scene.server.fault({ operation: 'PutObject', when: endsWith(`/${file}`), times: 1, action: { kind: 'corrupt' } });
    const told = new RegExp(`/${file} reads back as something else than was sent`);
    await scene.fails({ VERIFY: 'download' }, { exitCode: 76, error: told, hint: /Do not trust/ });
  });
}

test('fault 45: the stored dump is shorter than what was sent', async () => {
  scene.server.fault({ operation: 'HeadObject', when: endsWith('.dump'), action: { kind: 'late', ms: 500 } });
  const run = scene.start();
  await until('it is verified', () =>
    scene.server.calls.some((call) => call.operation === 'HeadObject' && call.key.endsWith('.dump')),
  );
  const [key, { data, headers }] = [...scene.server.objects()].find(([name]) => name.endsWith('database.dump'))!;
  scene.server.put(key, data!.subarray(0, 1000), headers);
  await scene.assertFailed(await run.ended, { exitCode: 76, error: /has 1000 bytes, but \d+ were sent/ });
});

test('fault 30: what is stored in the end is of another run', async () => {
  const headers = { 'x-amz-meta-pg-offsite-run': 'another' };
  scene.server.fault({ operation: 'HeadObject', when: endsWith('.dump'), action: { kind: 'headers', headers } });
  await scene.fails(
    {},
    { exitCode: 76, error: /database\.dump was written by another run \(another\)$/, hint: /^Give each job a prefix/ },
  );
});

test('fault 45: reading back is cut short, for ever', async () => {
  scene.server.fault({ operation: 'GetObject', when: endsWith('.dump'), action: { kind: 'short-body', bytes: 1000 } });
  await scene.fails({ VERIFY: 'download' }, { exitCode: 76, error: /reads back|read/ });
});

test('fault 45: reading back is cut once by the network', async () => {
  scene.server.fault({
    operation: 'GetObject',
    when: endsWith('.dump'),
    times: 1,
    action: { kind: 'cut-body', afterBytes: 3_000_000 },
  });
  await scene.succeeds({ VERIFY: 'download' });
});

test('fault 46: a store that says composite checksums which are wrong is not believed', async () => {
  scene.server.fault({ operation: 'UploadPart', from: 1, times: 1, action: { kind: 'corrupt' } });
  const headers = { 'x-amz-checksum-crc32': 'AAAAAA==-4', 'x-amz-checksum-type': 'COMPOSITE' };
  scene.server.fault({
    operation: ['HeadObject', 'GetObject'],
    when: endsWith('.dump'),
    action: { kind: 'headers', headers },
  });
  await scene.fails({ VERIFY: 'download' }, { exitCode: 76, error: /reads back with SHA-256/ });
});

test('the dump vanishes right after its upload', async () => {
  const action = { kind: 'answer', status: 404, code: 'NoSuchKey' } as const;
  scene.server.fault({ operation: 'HeadObject', when: endsWith('.dump'), times: 4, action });
  await scene.fails({}, { exitCode: 76, error: /is not there after a complete upload/ });
});

test('fault 39: a run that was killed outright is no backup, and a later run sweeps its upload', async () => {
  scene.server.fault({ operation: 'UploadPart', action: { kind: 'hang' } });
  const killed = scene.start();
  await until('a part is uploaded', () => scene.server.calls.some(({ operation }) => operation === 'UploadPart'));
  killed.signal('SIGKILL');
  assert.equal((await killed.ended).signal, 'SIGKILL');
  await until('what it had started has ended', () => killed.processes().length === 0);
  assert.deepEqual(scene.addedFiles(), []);
  scene.server.clearFaults();

  const [own] = scene.server.openUploads;
  assert.ok(own);
  for (const key of ['nightly/other/x.dump', 'nightly/shop-2/x.dump', 'elsewhere/shop/x.dump']) await begin(key);
  await scene.start({ BACKUP_TIMEOUT: '1h' }).ended.then(({ exitCode, stderr }) => assert.equal(exitCode, 0, stderr));
  assert.equal(scene.server.openUploads.length, 4); // all younger than BACKUP_TIMEOUT: they may be under way

  for (const { initiated } of scene.server.openUploads) initiated.setTime(Date.now() - 3_700_000);
  const { exitCode, stderr } = await scene.start({ BACKUP_TIMEOUT: '1h' }).ended;
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /WARN: ended 1 unfinished upload/);
  assert.deepEqual(
    scene.server.openUploads.map(({ key }) => key),
    ['nightly/other/x.dump', 'nightly/shop-2/x.dump', 'elsewhere/shop/x.dump'],
  );
});

test('fault 54: two runs at once make two complete backups', async () => {
  const both = [
    scene.start({ LOCK: 'off' }),
    scene.start({ LOCK: 'off', ...fakePgDump('head -c 8000000 /dev/urandom') }),
  ];
  const results = await Promise.all(both.map(({ ended }) => ended));
  assert.deepEqual(scene.server.openUploads, []);
  const ids = results.map(({ exitCode, stdout, stderr }) => {
    assert.equal(exitCode, 0, stderr);
    const { id, sha256 } = JSON.parse(stdout) as { id: string; sha256: string };
    const folder = `nightly/shop/${id}/`;
    const dump = scene.server.objects().get(`${folder}database.dump`)?.data;
    assert.ok(dump && scene.server.objects().has(`${folder}manifest.json`));
    assert.equal(createHash('sha256').update(dump).digest('hex'), sha256);
    return id;
  });
  assert.notEqual(ids[0], ids[1]);
  assert.equal(scene.addedFiles().length, 8);
});

/** Begins an upload as somebody else's program would. */
async function begin(key: string): Promise<void> {
  const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=ak/20261120/us-east-1/s3/aws4_request' };
  const { status } = await fetch(`${scene.server.url}/backups/${key}?uploads`, { method: 'POST', headers });
  assert.equal(status, 200);
}

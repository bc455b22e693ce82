import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../support/ports.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { onlyLine, useScene } from './scene.ts';

const scene = useScene();
const called = (operation: string): number => scene.server.calls.filter((call) => call.operation === operation).length;
const isDump = ({ key }: { key: string }): boolean => key.endsWith('.dump');

test('fault 16: the access key is unknown to the store', async () => {
  const expected = { exitCode: 77, error: /InvalidAccessKeyId/, hint: /S3_ACCESS_KEY_ID/ };
  await scene.fails({ S3_ACCESS_KEY_ID: 'wrong' }, expected);
  assert.equal(called('UploadPart'), 0);
});

test('fault 16: the credentials are revoked in the middle of the upload', async () => {
  const action = { kind: 'answer', status: 403, code: 'SignatureDoesNotMatch' } as const;
  scene.server.fault({ operation: 'UploadPart', from: 2, action });
  await scene.fails(fakePgDump('head -c 30000000 /dev/zero; sleep 60'), {
    exitCode: 77,
    error: /SignatureDoesNotMatch/,
  });
});

test('fault 17: the bucket does not exist', async () => {
  const changes = { BACKUP_DESTINATION: 's3://nowhere/nightly' };
  await scene.fails(changes, { exitCode: 78, error: /NoSuchBucket/, hint: /Create the bucket/ });
  assert.equal(called('UploadPart'), 0);
});

test('fault 17: the bucket is in another region', async () => {
  const headers = { 'x-amz-bucket-region': 'eu-central-1' };
  const action = { kind: 'answer', status: 301, code: 'PermanentRedirect', headers } as const;
  scene.server.fault({ operation: '*', action });
  await scene.fails({}, { exitCode: 78, error: /PermanentRedirect/, hint: /S3_REGION to eu-central-1/ });
});

test('faults 18, 20 and 21: failures that pass are waited out', async () => {
  scene.server.fault({
    operation: 'CreateMultipartUpload',
    times: 1,
    action: { kind: 'answer', status: 503, code: 'SlowDown' },
  });
  scene.server.fault({ operation: 'UploadPart', times: 2, action: { kind: 'answer', status: 500 } });
  scene.server.fault({ operation: 'UploadPart', from: 3, times: 1, action: { kind: 'reset' } });
  const { result } = await scene.succeeds({ VERIFY: 'download', S3_RETRY_FOR: '10s' });
  assert.equal(result['verified'], 'download');
  assert.deepEqual(scene.addedFiles().sort(), ['RESTORE.md', 'SHA256SUMS', 'database.dump', 'manifest.json']);
});

test('fault 19: no part is ever taken', async () => {
  scene.server.fault({ operation: 'UploadPart', action: { kind: 'answer', status: 500, message: 'we are sorry' } });
  await scene.fails(
    {},
    { exitCode: 74, error: /could not store .*database\.dump: server answered 500.* after \d+ attempts/ },
  );
  assert.ok(called('AbortMultipartUpload') > 0);
});

test('fault 22: the store takes parts and never answers', async () => {
  scene.server.fault({ operation: 'UploadPart', action: { kind: 'hang' } });
  const changes = { S3_TIMEOUT: '0.5s', S3_RETRY_FOR: '1s' };
  const { durationMs } = await scene.fails(changes, { exitCode: 74, error: /no answer in time/ });
  assert.ok(durationMs < 20_000);
});

test('fault 22: the store answers nothing at all any more', async () => {
  scene.server.fault({ operation: '*', when: () => called('UploadPart') > 0, action: { kind: 'hang' } });
  const run = await scene.start({ S3_TIMEOUT: '0.5s', S3_RETRY_FOR: '1s' }).ended;
  assert.equal(run.exitCode, 74, run.stderr);
  assert.equal(onlyLine(run.stdout)['exitCode'], 74);
  assert.ok(run.durationMs < 20_000, `it took ${run.durationMs} ms`);
  assert.match(run.stderr, /WARN: an unfinished upload could not be removed/); // by nobody: so it is told
  assert.deepEqual(run.leftBehind, []);
  assert.deepEqual(scene.addedFiles(), []);
});

test('fault 23: the store takes next to nothing', async () => {
  scene.server.fault({ operation: 'UploadPart', action: { kind: 'slow-read', bytesPerSecond: 1000 } });
  const changes = { ...fakePgDump('head -c 90000000 /dev/zero'), S3_TIMEOUT: '60s', STALL_TIMEOUT: '1s' };
  const { durationMs } = await scene.fails(changes, {
    exitCode: 74,
    error: /the store has taken no byte for 1s/,
    hint: /STALL_TIMEOUT/,
  });
  assert.ok(durationMs < 20_000);
});

test('fault 25: nothing listens where the store should be', async () => {
  const S3_ENDPOINT = `http://127.0.0.1:${await freePort()}`;
  await scene.fails({ S3_ENDPOINT }, { exitCode: 74, error: /connection refused/, hint: /S3_ENDPOINT/ });
});

test('fault 25: the name of the store is unknown', async () => {
  const changes = { S3_ENDPOINT: 'http://store.invalid', S3_FORCE_PATH_STYLE: 'true' };
  await scene.fails(changes, { exitCode: 74, error: /host name/, hint: /S3_ENDPOINT/ });
});

for (const [title, body] of [
  [
    'fault 26: completing the upload is answered with 200 and an error in its body',
    '<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>',
  ],
  ['fault 27: completing the upload is answered with 200 and an empty body', ''],
] as const) {
  const action = { kind: 'answer', status: 200, body } as const;

  test(`${title}, for ever`, async () => {
    scene.server.fault({ operation: 'CompleteMultipartUpload', action });
    await scene.fails({}, { exitCode: 74, error: /could not store .*database\.dump/ });
  });

  test(`${title}, once`, async () => {
    scene.server.fault({ operation: 'CompleteMultipartUpload', times: 1, action });
    await scene.succeeds({ VERIFY: 'download', S3_RETRY_FOR: '10s' });
  });
}

test('fault 28: the reply to the completed upload is lost, and trying again says NoSuchUpload', async () => {
  scene.server.fault({ operation: 'CompleteMultipartUpload', times: 1, action: { kind: 'lose-reply' } });
  await scene.succeeds({ VERIFY: 'download' });
  assert.equal(called('CompleteMultipartUpload'), 2);
});

test('fault 34: the store refuses to abort the upload', async () => {
  scene.server.fault({ operation: 'UploadPart', action: { kind: 'answer', status: 500 } });
  scene.server.fault({
    operation: 'AbortMultipartUpload',
    when: isDump,
    from: 2,
    action: { kind: 'answer', status: 403, code: 'AccessDenied' },
  });
  const run = await scene.start().ended;
  assert.equal(run.exitCode, 74, run.stderr);
  assert.match(run.stderr, /ERROR: could not store .*database\.dump: server answered 500/);
  const [open] = scene.server.openUploads;
  assert.ok(open);
  assert.match(run.stderr, /WARN: an unfinished upload could not be removed/);
  assert.ok(run.stderr.includes(open.uploadId), `the upload's id is not told: ${run.stderr}`);
});

test('fault 41: the database cannot fit into the parts that are allowed', async () => {
  const error = /do not fit into 1 parts of 5 MiB/;
  await scene.fails({ S3_MAX_PARTS: '1' }, { exitCode: 78, error, hint: /S3_PART_SIZE/ });
});

test('fault 41: the stream outgrows the parts that are allowed', async () => {
  const changes = { ...fakePgDump('head -c 60000000 /dev/zero'), S3_MAX_PARTS: '8' };
  await scene.fails(changes, { exitCode: 78, error: /longer than expected/, hint: /S3_PART_SIZE/ });
});

test('faults 41 and 42: with room for few parts, these are larger and equal', async () => {
  const changes = { ...fakePgDump('head -c 30000000 /dev/zero'), S3_MAX_PARTS: '5', S3_PART_SIZE: 'auto' };
  await scene.succeeds(changes);
  const parts = scene.server.calls.filter(({ operation }) => operation === 'UploadPart');
  assert.ok(parts.length > 1 && parts.length <= 5, `${parts.length} parts`);
});

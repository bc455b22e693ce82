import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '../../../src/errors.ts';
import { calm, mebibyte, scripted, someBytes, streamOf } from '../scripted.ts';

const tags = { 'pg-offsite-tier': 'weekly' };
const small = { runId: 'run-1', contentType: 'text/plain', signal: calm() };
const stream = { runId: 'run-1', expectedBytes: mebibyte, signal: calm() };

test('every object is created with its tags, in one part or in several', async (t) => {
  const { store, server } = await scripted(t);
  await store.checkWritable('check', calm(), tags);
  await store.putSmall('small', '1', { ...small, tags });
  await store.putStream('one part', streamOf(someBytes(100)), { ...stream, tags });
  await store.putStream('several', streamOf(someBytes(11 * mebibyte)), { ...stream, tags });
  const tagging = server.calls
    .filter(({ operation }) => operation === 'PutObject' || operation === 'CreateMultipartUpload')
    .map(({ key, headers }) => [key, headers['x-amz-tagging']]);
  assert.deepEqual(
    tagging,
    ['check', 'small', 'one part', 'several'].map((key) => [`pg/${key}`, 'pg-offsite-tier=weekly']),
  );
});

test('an object in parts is tagged again, and is gone where that fails', async (t) => {
  const { store, server } = await scripted(t);
  const put = (): Promise<void> => store.putStream('a', streamOf(someBytes(11 * mebibyte)), { ...stream, tags });
  await put();
  assert.equal(server.calls.at(-1)?.operation, 'PutObjectTagging');
  await store.remove('a', calm());
  const action = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  server.fault({ operation: 'PutObjectTagging', action });
  await assert.rejects(put(), { kind: 'denied', hint: /s3:PutObjectTagging/ });
  assert.deepEqual([server.objects().size, server.openUploads.length], [0, 0]);
});

test('without tags nothing is said about any', async (t) => {
  const { store, server } = await scripted(t);
  await store.checkWritable('check', calm());
  await store.putSmall('small', '1', small);
  assert.ok(server.calls.every(({ headers }) => !('x-amz-tagging' in headers)));
});

describe('a store that takes no tags', () => {
  for (const [name, status, code, message] of [
    ['R2', 501, 'NotImplemented', "Header 'x-amz-tagging' with value 'pg-offsite-tier=daily' not implemented"],
    ['B2', 400, 'InvalidArgument', "Unsupported header 'x-amz-tagging' received for this API call."],
    ['another', 501, 'NotImplemented', 'A header you provided implies functionality that is not implemented'],
    ['one that takes only others', 400, 'InvalidTag', 'The tag provided was not a valid tag.'],
  ] as const) {
    test(`is told about before anything is stored: ${name}`, async (t) => {
      const { store, server } = await scripted(t);
      const action = { kind: 'answer', status, code, message } as const;
      server.fault({ operation: '*', when: ({ headers }) => 'x-amz-tagging' in headers, action });
      const isTold = (error: unknown): boolean =>
        error instanceof Failure && error.kind === 'config' && (error.hint ?? '').includes('Leave S3_TAGS off');
      await assert.rejects(store.checkWritable('check', calm(), tags), isTold);
      await assert.rejects(store.putSmall('small', '1', { ...small, tags }), isTold);
      await assert.rejects(store.putStream('big', streamOf(someBytes(9)), { ...stream, tags }), isTold);
      assert.equal(server.objects().size, 0);
      await store.putSmall('small', '1', small);
    });
  }
});

for (const [name, status, code, message] of [
  ['AWS', 400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration'],
  ['R2', 501, 'NotImplemented', "Header 'x-amz-object-lock-mode' with value 'COMPLIANCE' not implemented"],
] as const) {
  test(`a bucket without Object Lock is told from one without tags: ${name}`, async (t) => {
    const { store, server } = await scripted(t, { objectLock: { mode: 'COMPLIANCE', forMs: 86_400_000 } });
    server.fault({ operation: '*', action: { kind: 'answer', status, code, message } });
    await assert.rejects(store.checkWritable('check', calm(), tags), { kind: 'config', hint: /S3_OBJECT_LOCK_MODE/ });
  });
}

test('a refused write names every permission that it needs', async (t) => {
  const objectLock = { mode: 'COMPLIANCE', forMs: 86_400_000 } as const;
  const { store, server } = await scripted(t, { objectLock });
  server.fault({ operation: '*', action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
  await assert.rejects(store.checkWritable('check', calm(), tags), {
    kind: 'denied',
    hint: /s3:PutObject, s3:PutObjectTagging, s3:PutObjectRetention/,
  });
});

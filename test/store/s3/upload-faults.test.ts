import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { S3StoreConfig } from '../../../src/config/config.ts';
import { Failure, type FailureKind } from '../../../src/errors.ts';
import type { PutStreamOptions } from '../../../src/store/store.ts';
import type { FaultRule, S3ServerOptions } from '../../support/s3-server.ts';
import { calm, mebibyte, scripted, someBytes, streamOf, type Scripted } from '../scripted.ts';

const key = 'db/one.dump';
const inBucket = `pg/${key}`;
const forEver = { kind: 'answer', status: 500, code: 'InternalError' } as const;

/** Stores 12 MiB (three parts) in a store that has the fault. */
interface Attempt extends Scripted {
  readonly data: Buffer;
  put(options?: Partial<PutStreamOptions>): Promise<void>;
}

async function attempt(
  t: TestContext,
  rules: readonly FaultRule[] = [],
  changes: Partial<S3StoreConfig> = {},
  options: S3ServerOptions = {},
): Promise<Attempt> {
  const parts = await scripted(t, changes, options);
  for (const rule of rules) parts.server.fault(rule);
  const data = someBytes(12 * mebibyte);
  const defaults = { runId: 'run-1', expectedBytes: data.length, signal: calm() };
  return { ...parts, data, put: (more) => parts.store.putStream(key, streamOf(data), { ...defaults, ...more }) };
}

function assertStored({ server, data }: Attempt): void {
  assert.ok(server.objects().get(inBucket)?.data?.equals(data), 'what is stored is what was sent');
  assert.equal(server.openUploads.length, 0);
}

function assertNothingLeft({ server }: Attempt): void {
  assert.equal(server.openUploads.length, 0);
  assert.deepEqual([...server.objects().keys()], []);
}

function failure(kind: FailureKind, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    assert.match(error.message, /s3:\/\/backups\/pg\/db\/one\.dump/);
    return true;
  };
}

describe('a streamed upload in trouble', () => {
  it('fault 18: is stored when a part is answered 500 twice and then accepted', async (t) => {
    const run = await attempt(t, [{ operation: 'UploadPart', times: 2, action: forEver }]);
    let stored = 0;
    await run.put({ onStored: (bytes) => (stored = bytes) });
    assertStored(run);
    assert.equal(stored, run.data.length);
    assert.deepEqual(run.warnings(), []);
  });

  it('fault 19: gives up on a part that is answered 500 for ever, aborts, and tells that error', async (t) => {
    const run = await attempt(t, [{ operation: 'UploadPart', action: forEver }]);
    const told = /server answered 500 InternalError after \d+ attempts over /;
    await assert.rejects(run.put(), failure('store', told));
    assertNothingLeft(run);
    assert.ok(run.server.calls.some(({ operation }) => operation === 'AbortMultipartUpload'));
  });

  it('fault 19: stops the parts in flight when one is refused for good', async (t) => {
    const run = await attempt(
      t,
      [
        { operation: 'UploadPart', when: (call) => call.partNumber === 1, action: { kind: 'hang' } },
        { operation: 'UploadPart', action: { kind: 'answer', status: 403, code: 'AccessDenied' } },
      ],
      { requestTimeoutMs: 60_000, retryForMs: 60_000 },
    );
    await assert.rejects(run.put(), failure('denied', /403 AccessDenied/));
    assertNothingLeft(run);
  });

  it('fault 20: waits out SlowDown for as long as it is told to', async (t) => {
    const calmAt = Date.now() + 1500;
    const slow = { kind: 'answer', status: 503, code: 'SlowDown' } as const;
    const run = await attempt(t, [{ operation: '*', when: () => Date.now() < calmAt, action: slow }], {
      retryForMs: 60_000,
    });
    await run.put();
    assertStored(run);
  });

  it('fault 21: sends a part again whose connection was reset in the middle', async (t) => {
    const run = await attempt(t, [{ operation: 'UploadPart', times: 2, action: { kind: 'reset' } }]);
    await run.put();
    assertStored(run);
  });

  it('fault 22: gives up on a server that never answers', async (t) => {
    const run = await attempt(t, [{ operation: 'UploadPart', action: { kind: 'hang' } }]);
    await assert.rejects(run.put(), failure('store', /no answer in time after \d+ attempts/));
    assertNothingLeft(run);
  });

  it('fault 22: gives up on a server that never answers the first request', async (t) => {
    const run = await attempt(t, [{ operation: 'CreateMultipartUpload', action: { kind: 'hang' } }]);
    await assert.rejects(run.put(), failure('store', /no answer in time/));
    assertNothingLeft(run);
  });

  it('fault 23: ends at once when the watchdog aborts an upload that crawls', async (t) => {
    const run = await attempt(t, [{ operation: 'UploadPart', action: { kind: 'slow-read', bytesPerSecond: 1024 } }]);
    const stalled = new Failure('store', 'nothing moved for 15 m');
    const abort = new AbortController();
    setTimeout(() => abort.abort(stalled), 300);
    await assert.rejects(run.put({ signal: abort.signal }), (error) => error === stalled);
    assertNothingLeft(run);
  });

  for (const [title, body] of [
    ['fault 26: an error inside a 200 to Complete', '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>'],
    ['fault 27: an empty 200 to Complete', ''],
  ] as const) {
    const action = { kind: 'answer', status: 200, body } as const;
    it(`${title} is recognised and tried again`, async (t) => {
      const run = await attempt(t, [{ operation: 'CompleteMultipartUpload', times: 1, action }]);
      await run.put();
      assertStored(run);
    });

    it(`${title} for ever is a failure`, async (t) => {
      const run = await attempt(t, [{ operation: 'CompleteMultipartUpload', action }]);
      await assert.rejects(run.put(), failure('store', /server answered 503 InternalError after/));
      assertNothingLeft(run);
    });
  }

  it('fault 28: settles a lost reply to Complete by asking whose object is there', async (t) => {
    const run = await attempt(t, [{ operation: 'CompleteMultipartUpload', times: 1, action: { kind: 'lose-reply' } }]);
    await run.put();
    assertStored(run);
    const completes = run.server.calls.filter(({ operation }) => operation === 'CompleteMultipartUpload');
    assert.deepEqual(
      completes.map(({ status }) => status),
      [0, 404],
    );
  });

  it('fault 28: does not take an object of another length for its own', async (t) => {
    const run = await attempt(t, [
      { operation: 'CompleteMultipartUpload', action: { kind: 'answer', status: 404, code: 'NoSuchUpload' } },
    ]);
    run.server.put(inBucket, 'short', { 'x-amz-meta-pg-offsite-run': 'run-1' });
    await assert.rejects(run.put(), failure('store', /404 NoSuchUpload/));
    assertNothingLeft(run);
  });

  it('fault 28: settles a lost reply to the single put of a short stream', async (t) => {
    const run = await attempt(t, [{ operation: 'PutObject', action: { kind: 'lose-reply' } }]);
    const options = { runId: 'run-1', expectedBytes: 100, signal: calm() };
    await run.store.putStream(key, streamOf(Buffer.from('short')), options);
    assert.equal(run.server.objects().get(inBucket)?.data?.toString(), 'short');
  });

  it('fault 30: leaves the object of another run alone', async (t) => {
    const run = await attempt(t, [
      { operation: 'CompleteMultipartUpload', action: { kind: 'answer', status: 412, code: 'PreconditionFailed' } },
    ]);
    run.server.put(inBucket, 'theirs', { 'x-amz-meta-pg-offsite-run': 'run-0' });
    await assert.rejects(run.put(), failure('store', /an object of another run already exists/));
    assert.equal(run.server.objects().get(inBucket)?.data?.toString(), 'theirs');
    assert.equal(run.server.openUploads.length, 0);
  });

  it('fault 34: tells the first error, and warns of the upload, when the abort is denied', async (t) => {
    const run = await attempt(t, [
      { operation: 'UploadPart', action: forEver },
      { operation: 'AbortMultipartUpload', action: { kind: 'answer', status: 403, code: 'AccessDenied' } },
    ]);
    await assert.rejects(run.put(), failure('store', /500 InternalError/));
    const told = run.warnings().map(({ bucket, key, uploadId }) => ({ bucket, key, uploadId }));
    assert.deepEqual(told, [{ bucket: 'backups', key: inBucket, uploadId: run.server.openUploads[0]?.uploadId }]);
  });

  it('ends an upload whose beginning was answered but never heard', async (t) => {
    const run = await attempt(t, [{ operation: 'CreateMultipartUpload', times: 1, action: { kind: 'lose-reply' } }]);
    await run.put();
    assertStored(run);
  });

  it('aborts again when the store still lists the upload', async (t) => {
    const run = await attempt(t, [
      { operation: 'UploadPart', action: forEver },
      { operation: 'AbortMultipartUpload', times: 1, action: { kind: 'answer', status: 204, body: '' } },
    ]);
    await assert.rejects(run.put(), failure('store', /500 InternalError/));
    assertNothingLeft(run);
    assert.deepEqual(run.warnings(), []);
  });

  it('fault 41: stops before the part that would be one too many', async (t) => {
    const run = await attempt(t, [], { maxParts: 2 });
    await assert.rejects(run.put({ expectedBytes: 1000 }), (error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /longer than expected and does not fit into 2 parts of 5 MiB/);
      assert.match(error.hint ?? '', /S3_PART_SIZE/);
      return true;
    });
    assertNothingLeft(run);
    assert.ok(run.server.calls.every(({ partNumber = 0 }) => partNumber <= 2));
  });

  it('fault 41: refuses at the start what cannot fit', async (t) => {
    const run = await attempt(t, [], { maxParts: 2 });
    await assert.rejects(
      run.put({ expectedBytes: 11 * mebibyte }),
      /the expected 11 MiB do not fit into 2 parts of 5 MiB/,
    );
    assert.deepEqual(run.server.calls, []);
  });

  it('fault 42: sends equal parts to a store that insists on them, whatever the chunks', async (t) => {
    const run = await attempt(t, [], {}, { equalParts: true });
    const odd = streamOf(run.data, 3 * mebibyte + 7);
    await run.store.putStream(key, odd, { runId: 'run-1', expectedBytes: run.data.length, signal: calm() });
    assertStored(run);
    const sizes = run.server.calls.filter(({ operation }) => operation === 'UploadPart').map(({ bytes }) => bytes);
    assert.deepEqual(
      sizes.sort((a, b) => b - a),
      [5 * mebibyte, 5 * mebibyte, 2 * mebibyte],
    );
  });
});

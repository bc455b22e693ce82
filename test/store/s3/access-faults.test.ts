import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../../../src/config/secret.ts';
import { Failure, type FailureKind } from '../../../src/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { freePort } from '../../support/ports.ts';
import type { FaultAction } from '../../support/s3-server.ts';
import { calm, keptLog, mebibyte, s3Config, scripted, someBytes, streamOf } from '../scripted.ts';

const small = { runId: 'run-1', contentType: 'text/plain', signal: calm() };

/** A check that a Failure has the kind, and that its message and its hint, one line each, match. */
function failure(kind: FailureKind, told: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(`${error.message}\n${error.hint}`, told);
    assert.doesNotMatch(`${error.message}\n${error.hint}`, /sksksksksk/);
    return true;
  };
}

describe('a store that cannot be written to', () => {
  it('fault 16: says that it does not know the access key', async (t) => {
    const { store, server } = await scripted(t, { accessKeyId: new Secret('nobody') });
    const told =
      /cannot begin an upload to s3:\/\/backups\/pg\/a: server answered 403 InvalidAccessKeyId.*\n.*S3_ACCESS_KEY_ID/;
    await assert.rejects(store.checkWritable('a', calm()), failure('denied', told));
    assert.equal(server.calls.length, 1, 'a refusal is not tried again');
  });

  const answers: readonly [string, FailureKind, Omit<Extract<FaultAction, { kind: 'answer' }>, 'kind'>, RegExp][] = [
    [
      'fault 16: a wrong secret key',
      'denied',
      { status: 403, code: 'SignatureDoesNotMatch' },
      /\n.*S3_SECRET_ACCESS_KEY/,
    ],
    ['fault 16: a missing permission', 'denied', { status: 403, code: 'AccessDenied' }, /\n.*s3:PutObject/],
    ['fault 17: a missing bucket', 'config', { status: 404, code: 'NoSuchBucket' }, /\n.*S3_BUCKET/],
    [
      'fault 17: another region by redirect',
      'config',
      { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-3' } },
      /\nSet S3_REGION to eu-west-3\./,
    ],
    [
      'fault 17: another region by refusal',
      'config',
      {
        status: 400,
        body: '<Error><Code>AuthorizationHeaderMalformed</Code><Message>no</Message><Region>eu-west-3</Region></Error>',
      },
      /\nSet S3_REGION to eu-west-3\./,
    ],
    [
      'fault 32: R2 refusing a checksum',
      'config',
      {
        status: 501,
        code: 'NotImplemented',
        message: "Header 'x-amz-checksum-crc32' with value 'abc=' not implemented",
      },
      /\n.*S3_CHECKSUMS=required/,
    ],
    [
      'fault 32: B2 refusing a checksum',
      'config',
      {
        status: 400,
        code: 'InvalidArgument',
        message: "Unsupported header 'x-amz-checksum-crc32' received for this API call.",
      },
      /\n.*S3_CHECKSUMS=required/,
    ],
    [
      'fault 32: OVH refusing a checksum',
      'config',
      {
        status: 400,
        code: 'InvalidRequest',
        message: 'The algorithm type you specified in x-amz-checksum- header is invalid.',
      },
      /\n.*S3_CHECKSUMS=required/,
    ],
    [
      'fault 32: a body that is hashed in another way',
      'config',
      { status: 400, code: 'XAmzContentSHA256Mismatch' },
      /\n.*S3_CHECKSUMS=required/,
    ],
    [
      'a page that is not S3',
      'denied',
      { status: 403, body: '<html>blocked</html>', headers: { 'content-type': 'text/html' } },
      /403/,
    ],
  ];
  for (const [what, kind, answer, told] of answers) {
    it(`${what} is a failure of kind ${kind} that says what to do`, async (t) => {
      const { store, server } = await scripted(t);
      server.fault({ operation: '*', action: { kind: 'answer', ...answer } });
      await assert.rejects(store.checkWritable('a', calm()), failure(kind, told));
      assert.equal(server.calls.length, 1, 'what will not pass is not tried again');
    });
  }

  it('fault 25: a refused connection is given up in time', async () => {
    const store = openStore(s3Config(`http://127.0.0.1:${await freePort()}`, { retryForMs: 400 }), keptLog().log);
    const told = /connection refused after \d+ attempts.*\n.*S3_ENDPOINT/;
    await assert.rejects(store.checkWritable('a', calm()), failure('store', told));
    store.close();
  });

  it('fault 25: a host name that does not exist is given up in time', async () => {
    const store = openStore(s3Config('http://nowhere.invalid', { retryForMs: 400 }), keptLog().log);
    const told = /the host name (was not found|could not be looked up).*\n.*S3_ENDPOINT/;
    await assert.rejects(store.checkWritable('a', calm()), failure('store', told));
    store.close();
  });

  it('fault 34: goes on, with a warning, where only the abort is denied', async (t) => {
    const run = await scripted(t);
    const { store, server } = run;
    server.fault({ operation: 'AbortMultipartUpload', action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
    await store.checkWritable('a', calm());
    assert.equal(run.warnings()[0]?.['uploadId'], server.openUploads[0]?.uploadId);
  });

  it('fault 49: corrects the clock and tries again when the time is too skewed', async (t) => {
    const { store, server } = await scripted(t);
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const action = { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed', headers: { date } } as const;
    server.fault({ operation: 'CreateMultipartUpload', times: 1, action });
    await store.checkWritable('a', calm());
    const [skewed, corrected] = server.calls.map(({ headers }) => headers['x-amz-date']?.slice(0, 11));
    assert.notEqual(skewed, corrected);
  });
});

describe('a small write', () => {
  it('fault 29: settles a lost reply that makes its own second try clash', async (t) => {
    const { store, server } = await scripted(t);
    server.fault({ operation: 'PutObject', times: 1, action: { kind: 'lose-reply' } });
    await store.putSmall('manifest.json', '{}', small);
    assert.deepEqual(
      server.calls.map(({ operation, status }) => `${operation} ${status}`),
      ['PutObject 0', 'PutObject 412', 'HeadObject 200'],
    );
  });

  it('fault 30: never replaces the object of another run', async (t) => {
    const { store, server } = await scripted(t);
    server.put('pg/manifest.json', 'theirs', { 'x-amz-meta-pg-offsite-run': 'run-0' });
    const told = /could not store s3:\/\/backups\/pg\/manifest\.json: an object of another run already exists/;
    await assert.rejects(store.putSmall('manifest.json', '{}', small), failure('store', told));
    assert.equal(server.objects().get('pg/manifest.json')?.data?.toString(), 'theirs');
  });

  for (const [store, answer] of [
    [
      'B2',
      {
        status: 501,
        code: 'NotImplemented',
        message: 'A header you provided implies functionality that is not implemented',
      },
    ],
    ['another', { status: 400, code: 'NotImplemented', message: 'If-None-Match' }],
  ] as const) {
    it(`fault 31: goes without the condition where ${store} does not know it, and says so once`, async (t) => {
      const run = await scripted(t);
      const when = (call: { headers: Readonly<Record<string, string>> }): boolean => 'if-none-match' in call.headers;
      run.server.fault({ operation: 'PutObject', when, action: { kind: 'answer', ...answer } });
      await run.store.putSmall('a', '1', small);
      await run.store.putSmall('b', '2', small);
      assert.deepEqual([...run.server.objects().keys()], ['pg/a', 'pg/b']);
      assert.equal(run.lines.filter(({ msg }) => String(msg).includes('conditional')).length, 1);
      assert.equal(run.server.calls.length, 3);
    });
  }

  it('fault 33: says what a bucket with Object Lock demands', async (t) => {
    const { store } = await scripted(t, { checksums: 'required' }, { requireChecksum: true });
    await assert.rejects(store.putSmall('a', '1', small), failure('config', /\n.*S3_CHECKSUMS=supported/));
  });

  it('fault 33: is accepted by a bucket with Object Lock without them, too, when objects are locked', async (t) => {
    const objectLock = { mode: 'GOVERNANCE', forMs: 86_400_000 } as const;
    const { store, server } = await scripted(t, { checksums: 'required', objectLock }, { requireChecksum: true });
    await store.putSmall('a', 'ü', small);
    const data = someBytes(11 * mebibyte);
    await store.putStream('b', streamOf(data), { runId: 'run-1', expectedBytes: data.length, signal: calm() });
    assert.ok(server.objects().get('pg/b')?.data?.equals(data));
    const writes = server.calls.filter(({ operation }) => ['PutObject', 'UploadPart'].includes(operation));
    assert.equal(writes.length, 4);
    for (const { headers } of writes) {
      assert.ok(headers['content-md5']);
      assert.equal(headers['x-amz-checksum-crc32'], undefined);
    }
  });

  it('fault 33: is accepted by a bucket with Object Lock when checksums are on', async (t) => {
    const objectLock = { mode: 'GOVERNANCE', forMs: 86_400_000 } as const;
    const { store, server } = await scripted(t, { checksums: 'supported', objectLock }, { requireChecksum: true });
    await store.putSmall('a', '1', small);
    const headers = server.objects().get('pg/a')?.headers ?? {};
    assert.equal(headers['x-amz-object-lock-mode'], 'GOVERNANCE');
    const until = new Date(headers['x-amz-object-lock-retain-until-date'] ?? 0).getTime();
    assert.ok(Math.abs(until - Date.now() - objectLock.forMs) < 60_000);
  });
});

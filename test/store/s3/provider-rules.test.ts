import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { S3StoreConfig } from '../../../src/config/config.ts';
import { openStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';
import { read } from '../../config/reading.ts';
import { startS3Server, type S3Call, type S3Server, type S3ServerOptions } from '../../support/s3-server.ts';
import { calm, collect, keptLog, mebibyte, someBytes, streamOf } from '../scripted.ts';

/** The store that the variables of a provider make, on a server that keeps to the provider's rules. */
async function at(
  t: TestContext,
  address: string,
  changes: Record<string, string> = {},
  options: S3ServerOptions = {},
): Promise<{ store: Store; server: S3Server; config: S3StoreConfig; lines: readonly Record<string, unknown>[] }> {
  const server = await startS3Server({ minPartBytes: 5 * mebibyte, ...options });
  const { store: config } = read({
    BACKUP_DESTINATION: 's3://backups/pg',
    S3_ENDPOINT: address,
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'not checked here',
    S3_RETRY_FOR: '1s',
    ...changes,
  });
  assert(config.kind === 's3');
  const { log, lines } = keptLog();
  const store = openStore({ ...config, endpoint: server.url }, log);
  t.after(async () => {
    store.close();
    await server.close();
  });
  return { store, server, config, lines };
}

const of = (calls: readonly S3Call[], operation: S3Call['operation']): S3Call[] =>
  calls.filter((call) => call.operation === operation);
const options = (expectedBytes: number) => ({ runId: 'run-1', expectedBytes, signal: calm() });
const small = { runId: 'run-1', contentType: 'application/json', signal: calm() };

describe('Cloudflare R2', () => {
  const r2 = 'https://0123456789abcdef.r2.cloudflarestorage.com';
  /** Headers that R2 answers with 501. */
  const unknown = /^x-amz-(?:tagging|acl|object-lock-.*|server-side-encryption.*|checksum-type|expected-bucket-owner)$/;

  test('gets equal parts, no header that it does not know, and a condition on what makes an object', async (t) => {
    const { store, server } = await at(t, r2, {}, { equalParts: true });
    server.fault({
      operation: '*',
      when: ({ headers }) => Object.keys(headers).some((name) => unknown.test(name)),
      action: { kind: 'answer', status: 501, code: 'NotImplemented' },
    });
    const data = someBytes(21 * mebibyte);
    await store.putStream('a.dump', streamOf(data), options(data.length));
    await store.putSmall('manifest.json', '{}', small);
    assert.deepEqual(await collect(store.get('a.dump', calm())), data);
    const parts = of(server.calls, 'UploadPart').map(({ bytes }) => bytes);
    assert.deepEqual(
      parts.toSorted((a, b) => b - a),
      [8, 8, 5].map((size) => size * mebibyte),
    );
    for (const operation of ['CompleteMultipartUpload', 'PutObject'] as const) {
      assert.deepEqual(
        of(server.calls, operation).map(({ headers }) => headers['if-none-match']),
        ['*'],
      );
    }
  });
});

describe('Backblaze B2', () => {
  test('is asked for nothing that it answers with 501, and so never refuses', async (t) => {
    const { store, server, lines } = await at(t, 'https://s3.us-west-004.backblazeb2.com');
    const unsupported = /^(?:if-none-match|x-amz-tagging|x-amz-checksum-.*|x-amz-sdk-checksum-algorithm)$/;
    server.fault({
      operation: ['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'],
      when: ({ headers }) => Object.keys(headers).some((name) => unsupported.test(name)),
      action: {
        kind: 'answer',
        status: 501,
        code: 'NotImplemented',
        message: 'A header you provided implies functionality that is not implemented',
      },
    });
    const data = someBytes(17 * mebibyte);
    await store.putStream('a.dump', streamOf(data), options(data.length));
    await store.putSmall('manifest.json', '{}', small);
    assert.deepEqual([...server.objects().keys()], ['pg/a.dump', 'pg/manifest.json']);
    assert.deepEqual(
      server.calls.filter(({ status }) => status >= 400),
      [],
    );
    assert.deepEqual(lines, []);
  });
});

describe('Scaleway', () => {
  const scaleway = 'https://s3.fr-par.scw.cloud';
  const refuseMore = (server: S3Server): void =>
    server.fault({
      operation: 'UploadPart',
      when: ({ partNumber = 0 }) => partNumber > 1000,
      action: { kind: 'answer', status: 400, code: 'InvalidArgument', message: 'Part number must be 1 to 1000' },
    });

  test('gets parts so large that 1000 of them hold what is expected, twice', async (t) => {
    const { store, server } = await at(t, scaleway, {}, { discard: true });
    refuseMore(server);
    // 6 GiB in 10,000 parts would be parts of 8 MiB.
    await store.putStream('a.dump', streamOf(someBytes(20 * mebibyte)), options(6 * 1024 * mebibyte));
    assert.deepEqual(
      of(server.calls, 'UploadPart')
        .map(({ bytes }) => bytes)
        .toSorted((a, b) => b - a),
      [13 * mebibyte, 7 * mebibyte],
    );
  });

  test('never gets part 1001: a stream that outgrows the estimate ends before, with what to set', async (t) => {
    const { store, server } = await at(t, scaleway, { S3_PART_SIZE: '5MiB' }, { discard: true });
    refuseMore(server);
    const chunk = Buffer.alloc(5 * mebibyte);
    async function* tooLong(): AsyncGenerator<Buffer> {
      for (let sent = 0; sent <= 1000; sent += 1) yield chunk;
    }
    await assert.rejects(store.putStream('a.dump', tooLong(), options(mebibyte)), {
      kind: 'config',
      message: /does not fit into 1000 parts of 5 MiB/,
      hint: /S3_PART_SIZE/,
    });
    assert.deepEqual(
      of(server.calls, 'UploadPart').filter(({ status }) => status !== 200 && status !== 0),
      [],
    );
    assert.deepEqual(server.openUploads, []);
  });

  test('is refused before it starts what is expected to be longer than that', async (t) => {
    const { store, server } = await at(t, scaleway, { S3_PART_SIZE: '5MiB' });
    const tooLong = options(6 * 1024 * mebibyte);
    await assert.rejects(store.putStream('a.dump', streamOf(someBytes(1)), tooLong), { kind: 'config' });
    assert.deepEqual(server.calls, []);
  });
});

test('Google Cloud Storage gets no condition, and no checksum header, of which it refuses more than one', async (t) => {
  const { store, server } = await at(t, 'https://storage.googleapis.com');
  const data = someBytes(9 * mebibyte);
  await store.putStream('a.dump', streamOf(data), options(data.length));
  await store.putSmall('manifest.json', '{}', small);
  const headers = server.calls.flatMap((call) => Object.keys(call.headers));
  assert.deepEqual(
    headers.filter((name) => /^if-none-match$|^x-amz-(?:sdk-)?checksum/.test(name)),
    [],
  );
});

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { openStore } from '../../../src/store/open.ts';
import { makeServerCertificate } from '../../support/certificate.ts';
import { startS3Server, type S3Call, type S3Server } from '../../support/s3-server.ts';
import { calm, keptLog, mebibyte, s3Config } from '../scripted.ts';

describe('what a part is signed with', () => {
  let tls: { readonly cert: string; readonly key: string };
  let folder = '';
  const trusted = getCACertificates('default');
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pg-offsite-tls-'));
    const [cert = '', key = ''] = await Promise.all(
      (await makeServerCertificate(folder)).map((file) => readFile(file, 'utf8')),
    );
    tls = { cert, key };
    setDefaultCACertificates([...trusted, cert]);
  });
  after(async () => {
    setDefaultCACertificates(trusted);
    await rm(folder, { recursive: true });
  });

  /** Stores a stream of three parts; resolves to the requests of its parts in the order of their arrival. */
  async function parts(
    t: TestContext,
    checksums: 'required' | 'supported',
    secure: boolean,
    ready: (server: S3Server) => void = () => undefined,
  ): Promise<S3Call[]> {
    const server = await startS3Server(secure ? { tls, host: 'localhost' } : {});
    const store = openStore(s3Config(server.url, { checksums, uploadConcurrency: 1 }), keptLog().log);
    t.after(async () => {
      store.close();
      await server.close();
    });
    ready(server);
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 11; i += 1) yield Buffer.alloc(mebibyte, i);
    }
    await store.putStream('a', body(), { runId: 'run', expectedBytes: 11 * mebibyte, signal: calm() });
    assert.equal(server.objects().get('pg/a')?.bytes, 11 * mebibyte);
    return server.calls.filter(({ operation }) => operation === 'UploadPart');
  }
  const signatures = (calls: readonly S3Call[]): string[] =>
    calls.map(({ headers }) => (headers['x-amz-content-sha256'] ?? '').replace(/^[0-9a-f]{64}$/, 'SHA-256'));

  it('is no hash of its data where TLS and a CRC-32 keep it', async (t) => {
    const calls = await parts(t, 'supported', true);
    assert.deepEqual(signatures(calls), Array(3).fill('UNSIGNED-PAYLOAD'));
    for (const { headers } of calls) assert.match(headers['x-amz-checksum-crc32'] ?? '', /^[A-Za-z0-9+/]{6}==$/);
  });

  it('is its SHA-256 where the store is not asked for a CRC-32: nothing else would show damage', async (t) => {
    assert.deepEqual(signatures(await parts(t, 'required', true)), Array(3).fill('SHA-256'));
  });

  it('is its SHA-256 where there is no TLS', async (t) => {
    assert.deepEqual(signatures(await parts(t, 'supported', false)), Array(3).fill('SHA-256'));
  });

  it('is its SHA-256 from the first refusal on', async (t) => {
    const refuse = (server: S3Server): void =>
      server.fault({
        operation: 'UploadPart',
        times: 1,
        action: { kind: 'answer', status: 403, code: 'AccessDenied' },
      });
    const calls = await parts(t, 'supported', true, refuse);
    assert.deepEqual(signatures(calls), ['UNSIGNED-PAYLOAD', 'SHA-256', 'SHA-256', 'SHA-256']);
  });
});

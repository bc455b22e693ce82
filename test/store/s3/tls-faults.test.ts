import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Failure } from '../../../src/errors.ts';
import { openStore } from '../../../src/store/open.ts';
import { makeServerCertificate } from '../../support/certificate.ts';
import { runCommand } from '../../support/run-command.ts';
import { startS3Server } from '../../support/s3-server.ts';
import { calm, keptLog, s3Config } from '../scripted.ts';

/** A certificate for localhost that expired years ago; `openssl ca` alone can set such dates. */
async function makeExpiredCertificate(folder: string): Promise<[certificate: string, key: string]> {
  const [certificate, key, request, config] = ['old.crt', 'old.key', 'old.csr', 'ca.cnf'].map((name) =>
    join(folder, name),
  );
  assert.ok(certificate && key && request && config);
  const policy = '[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n';
  const places = `database=${folder}/index.txt\nnew_certs_dir=${folder}\nrand_serial=yes\n`;
  await writeFile(join(folder, 'index.txt'), '');
  await writeFile(
    config,
    `[ca]\ndefault_ca=c\n[c]\n${places}default_md=sha256\npolicy=p\nx509_extensions=x\n${policy}`,
  );
  const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost'];
  await runCommand('openssl', ['req', '-new', ...form, '-out', request, '-keyout', key]);
  const dates = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
  const files = ['-config', config, '-in', request, '-keyfile', key, '-out', certificate];
  await runCommand('openssl', ['ca', '-selfsign', '-batch', '-notext', ...dates, ...files]);
  return [certificate, key];
}

describe('a store with a bad certificate', () => {
  let folder = '';
  const trusted = getCACertificates('default');
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pg-offsite-tls-'));
  });
  after(async () => {
    setDefaultCACertificates(trusted);
    await rm(folder, { recursive: true });
  });

  /** Checks a store whose server has the certificate; resolves to the number of requests that arrived. */
  async function check(t: TestContext, files: readonly string[], host: string, trust: boolean): Promise<number> {
    const [cert, key] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    assert.ok(cert && key);
    setDefaultCACertificates(trust ? [...trusted, cert] : trusted);
    const server = await startS3Server({ tls: { cert, key }, host });
    const store = openStore(s3Config(server.url), keptLog().log);
    t.after(async () => {
      store.close();
      await server.close();
    });
    await store.checkWritable('a', calm());
    return server.calls.length;
  }

  function failure(told: RegExp): (error: unknown) => boolean {
    return (error) => {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.kind, 'store');
      assert.match(error.message, told);
      assert.doesNotMatch(error.message, /attempts/);
      assert.match(error.hint ?? '', /S3_ENDPOINT.*NODE_EXTRA_CA_CERTS/);
      return true;
    };
  }

  it('fault 24: is refused when the certificate is self-signed', async (t) => {
    const files = await makeServerCertificate(folder);
    await assert.rejects(check(t, files, 'localhost', false), failure(/the certificate is self-signed/));
  });

  it('fault 24: is refused when the certificate has expired', async (t) => {
    const files = await makeExpiredCertificate(folder);
    await assert.rejects(check(t, files, 'localhost', true), failure(/the certificate has expired/));
  });

  it('fault 24: is refused when the certificate is for another host', async (t) => {
    const files = await makeServerCertificate(folder);
    await assert.rejects(check(t, files, '127.0.0.2', true), failure(/the certificate is for another host name/));
  });

  it('is accepted when the certificate is trusted and for this host', async (t) => {
    assert.ok((await check(t, await makeServerCertificate(folder), 'localhost', true)) > 0);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { rootCertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { Secret } from '../../src/config/secret.ts';
import { makeServerCertificate } from '../support/certificate.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startProxy } from './proxy.ts';
import { listen } from './receiver.ts';
import { direct, failure, opened, receiver, send } from './sending.ts';

describe('a proxy', () => {
  let tls: { port: number; close: () => Promise<void> };
  before(async () => {
    const [certificate, key] = await makeServerCertificate(temporaryFolder());
    const cert = readFileSync(certificate, 'utf8');
    setDefaultCACertificates([cert]);
    const server = createServer({ cert, key: readFileSync(key, 'utf8') }, (_request, response) =>
      response.end('secure'),
    );
    tls = await listen(server);
    opened.push(tls);
  });
  after(() => setDefaultCACertificates([...rootCertificates]));

  test('is asked to connect to https addresses, with its credentials, and sees nothing else', async () => {
    const proxy = await startProxy();
    opened.push(proxy);
    const https = new Secret(proxy.url.replace('//', '//user:p%40ss@'));
    const answer = await send(`https://localhost:${tls.port}/canary`, { proxy: { ...direct, https } });
    assert.equal(answer.text, 'secure');
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    assert.deepEqual(proxy.asked, [{ what: `CONNECT localhost:${tls.port}`, authorization }]);
  });

  test('is asked for http addresses, and need not be known to us by name', async () => {
    const [proxy, { host, received }] = await Promise.all([startProxy(), receiver(200)]);
    opened.push(proxy);
    const url = `http://only-the-proxy-knows.invalid:${host.split(':')[1]}/hook`;
    await send(url, { proxy: { ...direct, http: new Secret(proxy.url) } });
    assert.deepEqual(
      proxy.asked.map(({ what }) => what),
      [`POST ${url}`],
    );
    assert.equal(received[0]?.body, '{}');
  });

  test('is passed by for the hosts of NO_PROXY', async () => {
    const [proxy, { origin, received }] = await Promise.all([startProxy(), receiver(200)]);
    opened.push(proxy);
    for (const except of ['127.0.0.1', 'example.com, 127.0.0.1', '*']) {
      await send(origin, { proxy: { https: undefined, http: new Secret(proxy.url), except } });
    }
    assert.deepEqual([proxy.asked.length, received.length], [0, 3]);
  });

  test('of the environment alone is not used: only the configuration says so', async () => {
    const [proxy, { origin, received }] = await Promise.all([startProxy(), receiver(200)]);
    opened.push(proxy);
    process.env['HTTP_PROXY'] = proxy.url;
    try {
      await send(origin);
    } finally {
      delete process.env['HTTP_PROXY'];
    }
    assert.deepEqual([proxy.asked.length, received.length], [0, 1]);
  });

  test('that is down or refuses is told as a failure that may pass, without its password', async () => {
    const refusing = await receiver(403);
    const proxy = { ...direct, https: new Secret(refusing.origin.replace('//', '//user:canary-password@')) };
    const error = await failure(send(`https://localhost:${tls.port}/`, { proxy }));
    assert.match(error.message, /^no connection to localhost:\d+: /);
    assert(!inspect(error).includes('canary-password'));
  });

  test('does not make a certificate right that nobody trusts', async () => {
    setDefaultCACertificates([...rootCertificates]);
    const error = await failure(send(`https://localhost:${tls.port}/`));
    assert.match(error.message, /CERT|SELF_SIGNED/);
    assert.equal(error.transient, false);
  });
});

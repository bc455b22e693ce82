import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { rootCertificates, setDefaultCACertificates } from 'node:tls';
import { after, before, test } from 'node:test';
import { Secret } from '../../src/config/secret.ts';
import { DeliveryFailure } from '../../src/notify/delivery.ts';
import { emailChannel } from '../../src/notify/email.ts';
import type { RunEvent } from '../../src/notify/event.ts';
import { makeAuthority } from '../support/authority.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { type MailServer, type MailServerOptions, startMailServer } from '../support/smtp.ts';
import { sampleEvent, sampleFailure } from './sample-event.ts';

const password = 'canary:p@ss/%+word';
const folder = temporaryFolder();
const authority = await makeAuthority(folder, 'mail');
// `127.1` is this machine, but not by a name that says so; node compares it with a certificate as 127.0.0.1.
const names = ['DNS:localhost', 'IP:127.0.0.1', 'DNS:127.0.0.1'];
const [cert, key] = (await authority.issue('mail', names)).map((file) => readFileSync(file, 'utf8'));
const [otherCert, otherKey] = (await authority.issue('other', ['DNS:mail.example.com'])).map((file) =>
  readFileSync(file, 'utf8'),
);
before(() => {
  setDefaultCACertificates([readFileSync(authority.caFile, 'utf8')]);
});
after(() => {
  setDefaultCACertificates([...rootCertificates]);
});

const servers: MailServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));
async function serve(options?: MailServerOptions): Promise<MailServer> {
  const server = await startMailServer(options);
  servers.push(server);
  return server;
}

interface Sending {
  readonly url: string;
  readonly event?: RunEvent;
  readonly to?: readonly string[];
  readonly signal?: AbortSignal;
}

function send({ url, event = sampleFailure(), to = ['ops@example.com'], signal }: Sending): Promise<string> {
  const config = { smtpUrl: new Secret(url), from: 'Backups <backups@example.com>', to };
  const redact = (text: string): string => text.replaceAll(password, '***');
  return emailChannel(config, 'failure', redact).send(event, signal ?? new AbortController().signal);
}

const login = `backup:${encodeURIComponent(password)}@`;

/** Asserts that it fails so, for a reason that passes or not, and says nothing secret. */
async function assertRefused(sending: Promise<string>, message: RegExp, transient: boolean): Promise<void> {
  await assert.rejects(sending, (error) => {
    assert.ok(error instanceof DeliveryFailure, String(error));
    assert.match(error.message, message);
    assert.equal(error.transient, transient, error.message);
    assert.ok(!error.message.includes('canary'), error.message);
    return true;
  });
}

test('a failure comes as a mail with the headline as its subject, in text and HTML', async () => {
  const server = await serve();
  assert.match(
    await send({ url: `smtp://127.0.0.1:${server.port}`, to: ['ops@example.com', 'Eve <eve@example.com>'] }),
    /^250 .*queued as 42$/,
  );
  const [{ mail, recipients }] = server.mails as [(typeof server.mails)[0]];
  assert.deepEqual(recipients, ['ops@example.com', 'eve@example.com']);
  assert.deepEqual([mail.from?.name, mail.from?.address], ['Backups', 'backups@example.com']);
  assert.match(
    mail.subject ?? '',
    /^❌ shop: backup failed: pg_dump failed: permission denied .* \(exit 65\)\. Newest good backup: 1d 1m old\.$/,
  );
  assert.match(mail.text ?? '', /What to do: GRANT pg_read_all_data TO backup;/);
  assert.match(mail.text ?? '', /^Database: +shop$/m);
  assert.match(mail.html ?? '', /<td[^>]*>shop<\/td>/);
  const header = (name: string): string | undefined => mail.headers.find(({ key: found }) => found === name)?.value;
  assert.equal(header('auto-submitted'), 'auto-generated');
  assert.equal(header('importance'), 'High');
  assert.equal(header('message-id'), '<0d3f3b8e-6f0c-4a8e-9c1d-2f6a5b7c8d9e.backup.failure@example.com>');
});

test('mails about one database are one thread, those about another are not', async () => {
  const server = await serve();
  const url = `smtp://127.0.0.1:${server.port}`;
  await send({ url });
  await send({ url, event: sampleEvent({ kind: 'recovery', runId: 'another-run' }) });
  await send({ url, event: sampleFailure({ database: 'crm', runId: 'a-third-run' }) });
  const threads = server.mails.map(({ mail }) => mail.references);
  assert.match(threads[0] ?? '', /^<pg-offsite\.[0-9a-f]{24}@example\.com>$/);
  assert.equal(threads[1], threads[0]);
  assert.notEqual(threads[2], threads[0]);
  assert.equal(new Set(server.mails.map(({ mail }) => mail.messageId)).size, 3);
});

test('names with markup and line breaks forge neither headers nor HTML', async () => {
  const server = await serve();
  const evil = 'a"\r\nBcc: victim@example.com\r\n\r\n<img src=x onerror=alert(1)></table>&amp;\u202E';
  const failure = { kind: 'dump', message: `permission denied for table ${evil}`, hint: `GRANT ${evil}` };
  const event = sampleFailure({ database: evil, failure, warnings: [evil], logTail: [evil], location: evil });
  await send({ url: `smtp://127.0.0.1:${server.port}`, event });
  const [{ mail, recipients, raw }] = server.mails as [(typeof server.mails)[0]];
  assert.deepEqual(recipients, ['ops@example.com']);
  assert.equal(mail.bcc, undefined);
  assert.doesNotMatch(raw.slice(0, raw.indexOf('\r\n\r\n')), /^Bcc:/im);
  // eslint-disable-next-line no-control-regex -- they are what must not be there
  assert.doesNotMatch(mail.subject ?? '', /[\u0000-\u001f\u007f\u202e]/);
  assert.doesNotMatch(mail.html ?? '', /<img/);
  assert.equal(mail.html?.match(/<\/table>/g)?.length, 1);
  assert.match(mail.html ?? '', /&lt;img src=x onerror=alert\(1\)&gt;&lt;\/table&gt;&amp;amp;/);
});

test('a password goes over STARTTLS', async () => {
  const server = await serve({ key: key ?? '', cert: cert ?? '', password });
  await send({ url: `smtp://${login}127.1:${server.port}` });
  assert.deepEqual(server.logins, [{ password, secure: true }]);
  assert.deepEqual(
    server.mails.map(({ secure, user }) => [secure, user]),
    [[true, 'backup']],
  );
});

test('a password is not sent where STARTTLS is not offered, and no mail either', async () => {
  const server = await serve({ password });
  await assertRefused(
    send({ url: `smtp://${login}127.1:${server.port}` }),
    /^127\.1:\d+ does not offer STARTTLS, without which no password is sent$/,
    false,
  );
  assert.deepEqual([server.logins, server.mails], [[], []]);
});

test('a password is not sent to whose certificate is of another host', async () => {
  for (const secure of [false, true]) {
    const server = await serve({ key: otherKey ?? '', cert: otherCert ?? '', password, secure });
    const url = `${secure ? 'smtps' : 'smtp'}://${login}127.1:${server.port}`;
    await assertRefused(send({ url }), /does not match certificate/, false);
    assert.deepEqual([server.logins, server.mails], [[], []]);
  }
});

test('smtps is TLS from the start', async () => {
  const server = await serve({ key: key ?? '', cert: cert ?? '', password, secure: true });
  await send({ url: `smtps://${login}127.0.0.1:${server.port}` });
  assert.deepEqual(
    server.mails.map(({ secure, user }) => [secure, user]),
    [[true, 'backup']],
  );
});

test('without a password TLS is used where it is offered, whoever’s certificate it is', async () => {
  const server = await serve({ key: otherKey ?? '', cert: otherCert ?? '' });
  await send({ url: `smtp://127.1:${server.port}` });
  assert.deepEqual(
    server.mails.map(({ secure }) => secure),
    [true],
  );
});

test('a server on this machine gets a password in the clear', async () => {
  const server = await serve({ password });
  await send({ url: `smtp://${login}localhost:${server.port}` });
  assert.deepEqual(
    server.mails.map(({ secure, user }) => [secure, user]),
    [[false, 'backup']],
  );
});

test('a wrong password is told without it, and not tried again', async () => {
  const server = await serve({ password: 'another' });
  await assertRefused(
    send({ url: `smtp://${login}127.0.0.1:${server.port}` }),
    /^127\.0\.0\.1:\d+ answered 535 to the login$/,
    false,
  );
});

test('what a server says to a recipient is told; 4xx may pass', async () => {
  for (const [responseCode, transient] of [
    [550, false],
    [451, true],
  ] as const) {
    const server = await serve({
      onRcptTo: (_address, _session, callback) => {
        callback(Object.assign(new Error(`no ${password} here`), { responseCode }));
      },
    });
    await assertRefused(
      send({ url: `smtp://127.0.0.1:${server.port}` }),
      new RegExp(`answered ${responseCode} .*no \\*\\*\\* here`),
      transient,
    );
  }
});

test('a recipient that is refused beside others is told, and the others get one mail', async () => {
  const server = await serve({
    onRcptTo: ({ address }, _session, callback) => {
      callback(address.startsWith('gone') ? Object.assign(new Error('gone'), { responseCode: 550 }) : null);
    },
  });
  const to = ['ops@example.com', 'gone@example.com'];
  await assertRefused(send({ url: `smtp://127.0.0.1:${server.port}`, to }), /refused gone@example\.com/, false);
  assert.deepEqual(
    server.mails.map(({ recipients }) => recipients),
    [['ops@example.com']],
  );
});

test('nobody listens', async () => {
  const server = await startMailServer();
  await server.close();
  await assertRefused(send({ url: `smtp://127.0.0.1:${server.port}` }), /ECONNREFUSED/, true);
});

test('addresses of metadata services are refused', async () => {
  for (const host of ['169.254.169.254', '[fe80::1]', 'metadata.google.internal']) {
    await assertRefused(send({ url: `smtp://${host}:25` }), /is refused/, false);
  }
});

test('a server that says nothing is left when the time is over', async () => {
  const silent: Server = createServer(() => undefined).listen(0, '127.0.0.1');
  after(() => silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const started = performance.now();
  await assertRefused(
    send({ url: `smtp://127.0.0.1:${port}`, signal: AbortSignal.timeout(300) }),
    /did not answer in time/,
    true,
  );
  assert.ok(performance.now() - started < 3000);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { DeliveryFailure } from '../../src/notify/delivery.ts';
import { type Answer, startReceiver } from './receiver.ts';
import { failure, receiver, send } from './sending.ts';

describe('an answer', () => {
  test('of 200 to 299 is what it says, up to 64 KiB of it', async () => {
    const { origin, received } = await receiver({ status: 202, text: 'x'.repeat(200_000) });
    const answer = await send(`${origin}/hook?a=b`, { headers: { 'content-type': 'application/json' } });
    assert.equal(answer.status, 202);
    assert.equal(answer.text.length, 64 * 1024);
    assert.deepEqual(
      received.map(({ method, path, body, headers }) => [method, path, body, headers['content-type']]),
      [['POST', '/hook?a=b', '{}', 'application/json']],
    );
  });

  test('of a user and password in the URL is asked for with them', async () => {
    const { host, received } = await receiver(200);
    await send(`http://ops:p%40ss@${host}/`);
    assert.equal(received[0]?.headers.authorization, `Basic ${Buffer.from('ops:p@ss').toString('base64')}`);
    assert(!received[0].path.includes('ops'));
  });

  for (const [status, transient] of [
    [400, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ] as const) {
    test(`of ${status} is a failure that ${transient ? 'may pass' : 'another try cannot help'}`, async () => {
      const { origin, host } = await receiver({ status, text: 'no_service\nat all' });
      const error = await failure(send(`${origin}/x`));
      assert.equal(error.message, `${host} answered ${status}: no_service\\nat all`);
      assert.equal(error.transient, transient);
    });
  }

  const waits: [string, Answer, number][] = [
    ['in seconds', { status: 429, headers: { 'retry-after': '3' } }, 3000],
    ['in the JSON of Discord', { status: 429, text: '{"retry_after":0.25}', headers: { 'retry-after': '1' } }, 250],
    ['in the JSON of Telegram', { status: 429, text: '{"ok":false,"parameters":{"retry_after":7}}' }, 7000],
  ];
  for (const [title, answer, expected] of waits) {
    test(`says how long to wait ${title}`, async () => {
      const { origin } = await receiver(answer);
      assert.equal((await failure(send(origin))).retryAfterMs, expected);
    });
  }

  test('says how long to wait as a date', async () => {
    const { origin } = await receiver({
      status: 503,
      headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() },
    });
    const { retryAfterMs = 0 } = await failure(send(origin));
    assert(retryAfterMs > 50_000 && retryAfterMs <= 60_000, String(retryAfterMs));
  });

  test('that never comes ends with the signal', async () => {
    const { origin, host } = await receiver(() => undefined);
    const error = await failure(send(origin, { signal: AbortSignal.timeout(100) }));
    assert.deepEqual([error.message, error.transient], [`${host} did not answer in time`, true]);
  });

  test('that begins and then hangs ends with the signal too', async () => {
    const { origin } = await receiver((response) => response.writeHead(200).write('so'));
    assert.match((await failure(send(origin, { signal: AbortSignal.timeout(200) }))).message, /did not answer in time/);
  });

  test('that is cut off, or no HTTP, or no server at all, is a failure that may pass', async () => {
    const cut = await receiver((response) => response.socket?.destroy());
    assert((await failure(send(cut.origin))).transient);
    const odd = await receiver((response) => response.socket?.end('220 mail.example.com ESMTP\r\n'));
    assert((await failure(send(odd.origin))) instanceof DeliveryFailure);
    const gone = await startReceiver();
    await gone.close();
    const error = await failure(send(gone.origin));
    assert.deepEqual([error.message, error.transient], [`no connection to ${gone.host}: ECONNREFUSED`, true]);
  });
});

test('no part of a URL shows in any failure, not even where the answer repeats it', async () => {
  const canary = 'canary7d21f0';
  const path = `/services/${canary}/${canary}-x?token=${canary}&sig=${canary}%2F`;
  const answers: Answer[] = [
    () => undefined,
    (response, { path: asked, headers }) =>
      response.writeHead(400).end(`no route for ${asked} ${headers.authorization ?? ''}`),
    (response, { path: asked }) =>
      response.writeHead(500).end(JSON.stringify({ asked, again: encodeURIComponent(asked) })),
    { status: 302, headers: { location: `http://example.com/${canary}` } },
    (response) => response.socket?.destroy(),
  ];
  for (const answer of answers) {
    const { host } = await receiver(answer);
    const url = `http://${canary}:${canary}-pass@${host}${path}`;
    const error = await failure(send(url, { signal: AbortSignal.timeout(500) }));
    assert(!inspect(error, { depth: 10, showHidden: true }).includes(canary), inspect(error, { depth: 10 }));
  }
});

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { Secret } from '../../src/config/secret.ts';
import type { RunEvent } from '../../src/notify/event.ts';
import { createHttpClient } from '../../src/notify/http.ts';
import { pingChannel, planPing } from '../../src/notify/ping.ts';
import { startSink } from '../support/sink.ts';
import { sampleEvent, sampleFailure } from './sample-event.ts';

const sink = await startSink();
const http = createHttpClient({ http: undefined, https: undefined, except: '' }, (text) => text);
after(() => Promise.all([sink.close(), http[Symbol.asyncDispose]()]));
beforeEach(() => {
  sink.requests.length = 0;
});

const started = sampleEvent({ kind: 'started' });
const success = sampleEvent();
const recovery = sampleEvent({ kind: 'recovery' });
const failure = sampleFailure();
const trial = sampleFailure({ command: 'test' });
const { runId: rid } = success;

/** What is asked of a service, in short. */
function asked(url: string, event: RunEvent): string | undefined {
  const ping = planPing(new URL(url), event);
  return ping && `${ping.method} ${ping.url.href}`;
}

for (const [service, url, expected] of [
  [
    'healthchecks.io',
    'https://hc-ping.com/abc',
    [`/abc/start?rid=${rid}`, `/abc?rid=${rid}`, `/abc/65?rid=${rid}`, `/abc/log?rid=${rid}`].map(
      (end) => `POST https://hc-ping.com${end}`,
    ),
  ],
  [
    'healthchecks.io by slug, made when it is not there',
    'https://hc-ping.com/key/my-slug/?create=1#top',
    ['/start', '', '/65', '/log'].map((end) => `POST https://hc-ping.com/key/my-slug${end}?create=1&rid=${rid}`),
  ],
  [
    'Healthchecks of one’s own',
    'http://127.0.0.1:8000/ping/abc',
    ['/start', '', '/65', '/log'].map((end) => `POST http://127.0.0.1:8000/ping/abc${end}?rid=${rid}`),
  ],
  [
    'Better Stack, which takes all but a failure for a success',
    'https://uptime.betterstack.com/api/v1/heartbeat/abc',
    [undefined, '', '/65', ''].map((end) =>
      end === undefined ? end : `POST https://uptime.betterstack.com/api/v1/heartbeat/abc${end}`,
    ),
  ],
] as const) {
  test(`pings for ${service}`, () => {
    assert.deepEqual(
      [started, success, failure, trial].map((event) => asked(url, event)),
      expected,
    );
    assert.equal(asked(url, recovery), asked(url, success));
  });
}

test('pings for Uptime Kuma say up or down in place of what the copied URL says', () => {
  const url = 'https://kuma.example.com/api/push/abc?status=up&msg=OK&ping=&team=db';
  assert.equal(planPing(new URL(url), started), undefined);
  const ping = planPing(new URL(url), failure);
  assert.equal(ping?.method, 'GET');
  assert.deepEqual(Object.fromEntries(ping.url.searchParams), {
    status: 'down',
    msg: '❌ shop: backup failed: pg_dump failed: permission denied for table invoices (exit 65). Newest good backup: 1d 1m old.',
    ping: '83500',
    team: 'db',
  });
  assert.equal(planPing(new URL(url), success)?.url.searchParams.get('status'), 'up');
  assert.equal(planPing(new URL(url), trial)?.url.searchParams.get('status'), 'up');
});

test('pings for Cronitor', () => {
  const url = 'https://cronitor.link/p/key/nightly?env=production';
  const states = [started, success, failure, trial].map((event) =>
    planPing(new URL(url), event)?.url.searchParams.get('state'),
  );
  assert.deepEqual(states, ['run', 'complete', 'fail', 'ok']);
  const { pathname, searchParams } = planPing(new URL(url), failure)!.url;
  assert.equal(pathname, '/p/key/nightly');
  const { env, series, status_code } = Object.fromEntries(searchParams);
  assert.deepEqual([env, series, status_code], ['production', rid, '65']);
});

test('pings for Sentry Crons', () => {
  const url = 'https://o1.ingest.sentry.io/api/42/cron/nightly/public-key/';
  assert.deepEqual(
    [started, success, failure].map((event) => asked(url, event)),
    ['in_progress', 'ok', 'error'].map((status) => `GET ${url}?status=${status}&check_in_id=${rid}`),
  );
});

test('a failure without a usable exit code is one all the same', () => {
  for (const exitCode of [0, 256, -1]) {
    assert.equal(
      asked('https://hc-ping.com/abc', sampleFailure({ exitCode })),
      `POST https://hc-ping.com/abc/fail?rid=${rid}`,
    );
  }
});

test('only backups are pinged for: what else succeeds says nothing about them', () => {
  const channel = pingChannel(new Secret('https://hc-ping.com/abc'), http);
  assert.deepEqual(
    (['backup', 'drill', 'check', 'prune', 'test'] as const).map((command) => channel.wants(sampleEvent({ command }))),
    [true, false, false, false, true],
  );
});

test('the body has what happened and the end of the log, in at most 10 kB', async () => {
  const logTail = Array.from({ length: 20 }, (_, index) => `line ${String(index)}: ${'ä€😀'.repeat(300)}`);
  const channel = pingChannel(new Secret(`${sink.url}/ping/abc`), http);
  assert.equal(await channel.send(sampleFailure({ logTail }), new AbortController().signal), '200');
  const [{ body, path, query, headers }] = sink.requests as [(typeof sink.requests)[0]];
  assert.equal(path, '/ping/abc/65');
  assert.equal(query.get('rid'), rid);
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
  assert.ok(Buffer.byteLength(body) <= 10_000 && Buffer.byteLength(body) > 9000, String(Buffer.byteLength(body)));
  assert.match(body, /^❌ shop: backup failed/);
  assert.match(body, /took 1m 23s/);
  assert.match(body, /\nline 19: (?:ä€😀)+$/);
  assert.doesNotMatch(body, /line 0:|\ufffd/);
});

test('a start has no body', async () => {
  await pingChannel(new Secret(`${sink.url}/ping/abc`), http).send(started, new AbortController().signal);
  assert.deepEqual(
    sink.requests.map(({ path, body }) => [path, body]),
    [['/ping/abc/start', '']],
  );
});

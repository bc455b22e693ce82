import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/config/secret.ts';
import type { RunEvent } from '../../src/notify/event.ts';
import { createHttpClient } from '../../src/notify/http.ts';
import { groupUrl, metricsOf, pushgatewayChannel } from '../../src/notify/pushgateway.ts';
import { FakePushgateway, parseMetrics } from '../support/pushgateway.ts';
import { startSink } from '../support/sink.ts';
import { sampleEvent, sampleFailure, sampleParts } from './sample-event.ts';

const sink = await startSink();
const http = createHttpClient({ http: undefined, https: undefined, except: '' }, (text) => text);
after(() => Promise.all([sink.close(), http[Symbol.asyncDispose]()]));
let gateway = new FakePushgateway();
beforeEach(() => {
  gateway = new FakePushgateway();
  sink.requests.length = 0;
  sink.answer = (request) => {
    gateway.take(request);
    return { status: 200, text: '' };
  };
});

const push = (event: RunEvent, url = sink.url): Promise<string> =>
  pushgatewayChannel(new Secret(url), http).send(event, new AbortController().signal);
const shop = { job: 'pg_offsite', database: 'shop' };

test('a success has its times, sizes and counts in the group of its database', async () => {
  assert.equal(await push(sampleEvent({ missedTicks: 2 })), '200');
  assert.deepEqual(gateway.group(shop), {
    pg_offsite_last_exit_code: 0,
    pg_offsite_last_end_timestamp_seconds: Date.parse('2026-11-20T02:01:23.500Z') / 1000,
    pg_offsite_last_duration_seconds: 83.5,
    pg_offsite_last_success_timestamp_seconds: Date.parse('2026-11-20T02:01:23.500Z') / 1000,
    pg_offsite_last_success_bytes: 12_345_678,
    pg_offsite_last_success_rows: 4_200_000,
    pg_offsite_missed_ticks: 2,
    pg_offsite_next_tick_timestamp_seconds: Date.parse('2026-11-21T02:00:00Z') / 1000,
    pg_offsite_last_proof_timestamp_seconds: Date.parse('2026-11-19T12:00:00Z') / 1000,
  });
});

test('a run about several databases has its own group, and each database has one', async () => {
  await push(sampleFailure({ database: undefined, parts: sampleParts(3), exitCode: 69 }));
  assert.equal(gateway.group({ job: 'pg_offsite' })['pg_offsite_last_exit_code'], 69);
  const codes = [0, 1, 2].map((number) => {
    const group = gateway.group({ job: 'pg_offsite', database: `tenant${number}` });
    return [group['pg_offsite_last_exit_code'], group['pg_offsite_last_success_bytes']];
  });
  assert.deepEqual(codes, [
    [0, 12_345_678],
    [0, 12_345_678],
    [69, undefined],
  ]);
});

test('a failure leaves the time and size of the last success as they were', async () => {
  await push(sampleEvent());
  const before = gateway.group(shop);
  await push(sampleFailure({ lastProofAt: undefined, durationMs: 1000 }));
  const now = gateway.group(shop);
  assert.equal(now['pg_offsite_last_exit_code'], 65);
  assert.equal(now['pg_offsite_last_duration_seconds'], 1);
  for (const name of [
    'last_success_timestamp_seconds',
    'last_success_bytes',
    'last_success_rows',
    'last_proof_timestamp_seconds',
  ]) {
    assert.equal(now[`pg_offsite_${name}`], before[`pg_offsite_${name}`], name);
  }
});

test('a drill does not touch the figures of backups, but tells the proof', async () => {
  await push(sampleEvent());
  await push(sampleFailure({ command: 'drill', exitCode: 76 }));
  const now = gateway.group(shop);
  assert.deepEqual([now['pg_offsite_last_exit_code'], now['pg_offsite_drill_last_exit_code']], [0, 76]);
  assert.equal(now['pg_offsite_last_success_bytes'], 12_345_678);
});

test('a run whose database is not known has a group of its own', async () => {
  await push(sampleFailure({ database: undefined, exitCode: 78 }));
  assert.equal(gateway.group({ job: 'pg_offsite' })['pg_offsite_last_exit_code'], 78);
});

test('a test touches no figures of runs', async () => {
  await push(sampleFailure({ command: 'test' }));
  assert.deepEqual(Object.keys(gateway.group({ job: 'pg_offsite_test' })), ['pg_offsite_test_timestamp_seconds']);
});

test('every name of a database is one label that comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (database) => {
      fc.pre(database.isWellFormed());
      const any = new FakePushgateway();
      const { pathname } = groupUrl(new URL('http://gateway:9091'), sampleEvent({ database }));
      any.take({ method: 'POST', path: pathname, query: new URLSearchParams(), headers: {}, body: '' });
      assert.deepEqual(any.group({ job: 'pg_offsite', database }), {});
    }),
  );
});

test('a path before the API stays, the API’s own is not doubled, a password becomes a header', async () => {
  for (const path of ['', '/', '/metrics', '/metrics/job/other', '/prefix', '/prefix/metrics/']) {
    const { href } = groupUrl(new URL(`http://gateway:9091${path}`), sampleEvent());
    const prefix = path.startsWith('/prefix') ? '/prefix' : '';
    assert.equal(href, `http://gateway:9091${prefix}/metrics/job/pg_offsite/database/shop`);
  }
  await push(sampleEvent(), sink.url.replace('://', '://me:p%40ss%2F@'));
  assert.equal(sink.requests[0]?.headers.authorization, `Basic ${Buffer.from('me:p@ss/').toString('base64')}`);
});

test('whatever is known or not is in the text format', () => {
  const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined });
  fc.assert(
    fc.property(
      fc.constantFrom('backup', 'drill', 'check', 'prune', 'test'),
      fc.constantFrom('success', 'failure', 'recovery'),
      optional(fc.maxSafeNat()),
      optional(fc.double({ min: 0, noNaN: true })),
      optional(fc.date({ noInvalidDate: true })),
      (command, kind, bytes, missedTicks, lastProofAt) => {
        const text = metricsOf(sampleEvent({ command, kind, bytes, rows: bytes, missedTicks, lastProofAt }));
        const samples = parseMetrics(text);
        assert.equal(
          samples.has('pg_offsite_last_success_timestamp_seconds'),
          command === 'backup' && kind !== 'failure',
        );
      },
    ),
  );
});

test('the documentation names every metric', () => {
  const page = readFileSync(new URL('../../docs/NOTIFICATIONS.md', import.meta.url), 'utf8');
  for (const name of parseMetrics(metricsOf(sampleEvent())).keys())
    assert.match(page, new RegExp(`^\\| \`${name}\` `, 'm'));
});

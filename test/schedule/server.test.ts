import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { serveStatus } from '../../src/schedule/server.ts';
import { Status } from '../../src/schedule/status.ts';
import { freePort } from '../support/ports.ts';
import { samplesOf } from './samples.ts';

const began = new Date('2026-06-01T03:00:00Z');
const ended = new Date('2026-06-01T03:00:42Z');

/** A status that is served, and how to ask it. */
async function served(): Promise<{
  status: Status;
  get: (path: string, method?: string) => Promise<Response>;
  port: number;
  server: Disposable;
}> {
  const status = new Status();
  const port = await freePort();
  const server = await serveStatus(port, status);
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${String(port)}${path}`, { method });
  return { status, get, port, server };
}

test('/healthz is fine before the first run, bad after a failed one, and fine after the next good one', async () => {
  const { status, get, server } = await served();
  using _server = server;
  assert.equal((await get('/healthz')).status, 200);
  status.begin(began);
  assert.equal(((await (await get('/healthz')).json()) as { running: boolean }).running, true);
  status.end({ exitCode: 74 }, ended);
  const bad = await get('/healthz');
  assert.equal(bad.status, 503);
  assert.deepEqual(await bad.json(), {
    healthy: false,
    running: false,
    lastExitCode: 74,
    lastEnd: '2026-06-01T03:00:42.000Z',
    lastSuccess: null,
    missedTicks: 0,
    nextTick: null,
  });
  status.begin(ended);
  assert.equal((await get('/healthz')).status, 503);
  status.end({ exitCode: 0 }, ended);
  assert.equal((await get('/healthz')).status, 200);
});

test('/metrics leaves out what has not happened yet', async () => {
  const { get, server } = await served();
  using _server = server;
  const samples = samplesOf(await (await get('/metrics')).text());
  assert.deepEqual(
    [...samples].filter(([name]) => !name.startsWith('pg_offsite_info')),
    [
      ['pg_offsite_running', 0],
      ['pg_offsite_runs_total{outcome="success"}', 0],
      ['pg_offsite_runs_total{outcome="failure"}', 0],
      ['pg_offsite_missed_ticks_total', 0],
    ],
  );
});

test('/metrics tells how the runs went', async () => {
  const { status, get, server } = await served();
  using _server = server;
  status.nextTick = new Date('2026-06-02T03:00:00Z');
  status.missedTicks = 3;
  status.begin(began);
  status.end({ exitCode: 0 }, ended);
  status.begin(ended);
  const response = await get('/metrics');
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const samples = samplesOf(await response.text());
  assert.deepEqual(
    ['running', 'missed_ticks_total', 'last_exit_code', 'last_duration_seconds'].map((name) =>
      samples.get(`pg_offsite_${name}`),
    ),
    [1, 3, 0, 42],
  );
  assert.equal(samples.get('pg_offsite_runs_total{outcome="success"}'), 1);
  assert.equal(samples.get('pg_offsite_last_success_timestamp_seconds'), ended.getTime() / 1000);
  assert.equal(samples.get('pg_offsite_next_tick_timestamp_seconds'), Date.parse('2026-06-02T03:00:00Z') / 1000);
});

test('docs/SCHEDULING.md names every metric, and no other', async () => {
  const { status, get, server } = await served();
  using _server = server;
  status.nextTick = began;
  status.begin(began);
  status.end({ exitCode: 0 }, ended);
  const told = [...samplesOf(await (await get('/metrics')).text()).keys()].map((name) => name.replace(/\{.*/, ''));
  const page = readFileSync(new URL('../../docs/SCHEDULING.md', import.meta.url), 'utf8');
  const named = [...page.matchAll(/^\| `(pg_offsite_[a-z_]+)/gm)].map(([, name]) => name);
  assert.deepEqual([...new Set(told)].sort(), named.sort());
  for (const [name] of page.matchAll(/pg_offsite_[a-z_]+/g)) assert.ok(named.includes(name), name);
});

test('there is nothing else, and nothing can be changed', async () => {
  const { get, server } = await served();
  using _server = server;
  assert.equal((await get('/')).status, 404);
  assert.equal((await get('/metrics', 'POST')).status, 405);
});

test('a port that is taken is refused with the name of the variable, and free again in the end', async () => {
  const { port, server } = await served();
  await assert.rejects(serveStatus(port, new Status()), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.exitCode, 78);
    assert.match(`${error.message} ${error.hint ?? ''}`, /EADDRINUSE.* SCHEDULE_PORT=9187/);
    return true;
  });
  server[Symbol.dispose]();
  (await serveStatus(port, new Status()))[Symbol.dispose]();
});

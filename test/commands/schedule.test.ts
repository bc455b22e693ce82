import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { onlyLine, useScene } from '../backup/scene.ts';
import { samplesOf } from '../schedule/samples.ts';
import { type EndedRun, startEntrypoint, type StartedRun } from '../support/entrypoint.ts';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

const scene = useScene();
/** Never due while a test runs. */
const yearly = { BACKUP_SCHEDULE: '0 0 29 2 *' };
const everyMinute = { BACKUP_SCHEDULE: '* * * * *', BACKUP_TIMEOUT: '50s' };
const beforeTheMinute = { preload: join(import.meta.dirname, '../fixtures/clock-before-the-minute.mjs') };
const slow = (): Record<string, string> => fakePgDump('head -c 7000000 /dev/zero; sleep 60');

interface Scheduled extends StartedRun {
  health(): Promise<number>;
  /** Waits until a sample of /metrics has this value. */
  reaches(name: string, value: number): Promise<void>;
  /** How many backups run now. */
  backups(): number;
}

/** Starts `schedule` with a port; a test that fails leaves nothing running. */
async function schedule(
  t: TestContext,
  changes: Record<string, string>,
  { args = [], preload }: { args?: readonly string[]; preload?: string } = {},
): Promise<Scheduled> {
  const port = await freePort();
  const env = scene.env({ SCHEDULE_PORT: String(port), ...changes });
  const run = startEntrypoint(env, { args: ['schedule', ...args], ...(preload !== undefined && { preload }) });
  t.after(async () => {
    run.signal('SIGTERM');
    await run.ended;
  });
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${String(port)}${path}`);
  return {
    ...run,
    health: async () => (await get('/healthz')).status,
    reaches: (name, value) =>
      until(`${name} is ${String(value)}`, async () => {
        const metrics = await get('/metrics').then(
          (response) => response.text(),
          () => '',
        );
        return metrics !== '' && samplesOf(metrics).get(`pg_offsite_${name}`) === value;
      }),
    backups: () => run.processes().filter(({ commandLine }) => commandLine.endsWith('main.ts backup ')).length,
  };
}

function assertEnded({ exitCode, stderr, leftBehind }: EndedRun, expected: number): void {
  assert.equal(exitCode, expected, stderr);
  assert.deepEqual(leftBehind, [], 'a process was left behind');
}

test('a backup is made at once with --now, its result line comes out, and the schedule goes on', async (t) => {
  const place = temporaryFolder();
  const run = await schedule(t, { ...yearly, BACKUP_DESTINATION: `file://${place}` }, { args: ['--now'] });
  await run.reaches('runs_total{outcome="success"}', 1);
  await run.reaches('last_exit_code', 0);
  assert.equal(await run.health(), 200);
  run.signal('SIGTERM');
  const ended = await run.ended;
  assertEnded(ended, 143);
  const { outcome, id } = onlyLine(ended.stdout);
  assert.equal(outcome, 'success');
  assert.ok(existsSync(join(place, 'shop', String(id), 'manifest.json')));
  assert.match(
    ended.stderr,
    /INFO: keeping the schedule 0 0 29 2 \* \(UTC\); the next tick is at 2\d\d\d-02-29T00:00Z/,
  );
  assert.match(ended.stderr, /INFO: the backup succeeded/);
});

test('without --now it waits for the tick', async (t) => {
  const run = await schedule(t, yearly);
  await run.reaches('running', 0);
  assert.equal(run.backups(), 0);
  run.signal('SIGINT');
  const ended = await run.ended;
  assertEnded(ended, 130);
  assert.equal(ended.stdout, '');
});

for (const [signal, exitCode] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`${signal} during a backup lets it clean up, and nothing is left`, async (t) => {
    const run = await schedule(t, { ...yearly, ...slow() }, { args: ['--now'] });
    await until('a part is uploaded', () => scene.server.calls.some(({ operation }) => operation === 'UploadPart'));
    run.signal(signal);
    const ended = await run.ended;
    assertEnded(ended, exitCode);
    const { outcome, exitCode: told, error } = onlyLine(ended.stdout);
    assert.deepEqual([outcome, told, error], ['failure', exitCode, `stopped by ${signal}`]);
    assert.deepEqual([scene.server.openUploads, scene.addedFiles()], [[], []]);
  });
}

test('a tick while a backup runs starts no second one', async (t) => {
  const changes = { ...everyMinute, ...slow(), BACKUP_DESTINATION: `file://${temporaryFolder()}` };
  const run = await schedule(t, changes, { ...beforeTheMinute, args: ['--now'] });
  await run.reaches('missed_ticks_total', 1);
  assert.equal(run.backups(), 1);
  run.signal('SIGTERM');
  const ended = await run.ended;
  assertEnded(ended, 143);
  assert.match(ended.stderr, /WARN: no backup for the tick at \S+Z: the one before is still running/);
  assert.equal(onlyLine(ended.stdout)['exitCode'], 143);
});

test('a backup that fails ends nothing: the next tick is served', async (t) => {
  const place = temporaryFolder();
  const changes = { ...everyMinute, ...fakePgDump('exit 1'), BACKUP_DESTINATION: `file://${place}` };
  const run = await schedule(t, changes, { ...beforeTheMinute, args: ['--now'] });
  await run.reaches('runs_total{outcome="failure"}', 1);
  assert.equal(await run.health(), 503);
  await run.reaches('runs_total{outcome="failure"}', 2);
  await run.reaches('last_exit_code', 65);
  run.signal('SIGTERM');
  const ended = await run.ended;
  assertEnded(ended, 143);
  assert.match(ended.stderr, /ERROR: the backup failed with exit code 65; the next tick is at /);
  assert.deepEqual(readdirSync(place), []);
});

test('what is wrong with the configuration is told at once', async () => {
  const taken = createServer().listen(0);
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  for (const [changes, told] of [
    [{}, /BACKUP_SCHEDULE is not set.*\nHINT: .*BACKUP_SCHEDULE="0 3 \* \* \*"/],
    [{ BACKUP_SCHEDULE: 'nightly' }, /BACKUP_SCHEDULE="nightly" is no cron expression/],
    [{ ...yearly, DATABASE_URL: '' }, /DATABASE_URL/],
    [{ ...yearly, SCHEDULE_PORT: String(port) }, /cannot listen on port \d+ \(EADDRINUSE\)\nHINT: Set SCHEDULE_PORT/],
  ] as const) {
    const ended = await startEntrypoint(scene.env(changes), { args: ['schedule', '--now'] }).ended;
    assert.equal(ended.exitCode, 78, ended.stderr);
    assert.match(ended.stderr, told);
    assert.equal(ended.stdout, '');
  }
  taken.close();
});

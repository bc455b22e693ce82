import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { secret, useAudience } from './audience.ts';
import { onlyLine, type Result, useScene } from './scene.ts';

const scene = useScene();
const audience = useAudience();

test('fault 57: channels that fail are told in the result, and a good backup stays one', async () => {
  audience.sink.answer = ({ path }) => ({ status: path.startsWith('/ping') ? 404 : 403, text: `no ${secret} here` });
  const { result, run } = await scene.succeeds({
    ...audience.channels(),
    NOTIFY_ON: 'always',
    TERMINATION_LOG: '/nowhere',
  });
  const host = new URL(audience.sink.url).host;
  assert.deepEqual(result['notified'], [
    { channel: 'Webhook', ok: false, error: `${host} answered 403: no *** here` },
    { channel: 'Email', ok: true },
    { channel: 'Ping', ok: false, error: `${host} answered 404: no *** here` },
    { channel: 'Pushgateway', ok: false, error: `${host} answered 403: no *** here` },
  ]);
  assert.match(run.stderr, /WARN: Webhook could not be told: .* answered 403/);
  audience.assertNothingLeaked(run.stdout + run.stderr);
});

test('fault 57: channels that hang delay a run by 20 s at most, and neither its code nor its first error change', async () => {
  audience.sink.answer = () => undefined;
  const run = await scene.start({ ...audience.channels(), ...fakePgDump('exit 1') }).ended;
  const result = await scene.assertFailed(run, { exitCode: 65, error: /pg_dump/ });
  const told = result['notified'] as { channel: string; ok: boolean; error?: string }[];
  assert.deepEqual(
    told.map(({ channel, ok }) => [channel, ok]),
    [
      ['Webhook', false],
      ['Email', true],
      ['Ping', false],
      ['Pushgateway', false],
      ['Termination message', true],
    ],
  );
  for (const { ok, error } of told) if (!ok) assert.match(error ?? '', /in time/);
  // The run itself takes some seconds on a busy machine.
  assert.ok(run.durationMs - Number(result['durationMs']) < 26_000, `${String(run.durationMs)} ms`);
});

test('a start that cannot be pinged holds up nothing', async () => {
  audience.sink.answer = ({ path }) => (path.endsWith('/start') ? undefined : { status: 200 });
  const { result } = await scene.succeeds(audience.channels());
  assert.deepEqual(audience.pinged(), ['/start', '']);
  assert.ok((result['notified'] as Result[]).every(({ ok }) => ok === true));
});

test('the first success after a failure is a recovery, the second is none', async () => {
  const changes = { ...audience.channels(), NOTIFY_ON: 'recovery' };
  const failed = await scene.start({ ...changes, ...fakePgDump('exit 1') }).ended;
  assert.equal(failed.exitCode, 65);
  assert.deepEqual(scene.addedFiles(), ['last-failure.json']);
  for (let round = 0; round < 2; round += 1) {
    const { exitCode, stderr } = await scene.start(changes).ended;
    assert.equal(exitCode, 0, stderr);
  }
  assert.deepEqual(
    audience.hooks().map(({ event }) => event),
    ['failure', 'recovery'],
  );
  assert.match(String(audience.hooks()[1]?.['headline']), /^✅ shop: backup works again, /);
  assert.equal(audience.mails.length, 2);
});

test('a key that may only write keeps the failure, and its next success is a plain one', async () => {
  for (const operation of ['ListObjectsV2', 'GetObject'] as const) {
    scene.server.fault({ operation, action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
  }
  const changes = { ...audience.channels(), NOTIFY_ON: 'recovery' };
  assert.equal((await scene.start({ ...changes, ...fakePgDump('exit 1') }).ended).exitCode, 65);
  assert.deepEqual(scene.addedFiles(), ['last-failure.json']);
  const again = await scene.start({ ...changes, ...fakePgDump('exit 1') }).ended;
  assert.equal(again.exitCode, 65);
  const { exitCode, stdout, stderr } = await scene.start(changes).ended;
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(
    audience.hooks().map(({ event, newestGoodKnown }) => [event, newestGoodKnown]),
    [
      ['failure', false],
      ['failure', false],
    ],
  );
  assert.equal(onlyLine(stdout)['exitCode'], 0);
});

test('without a channel nothing is added to the store by a failure', async () => {
  await scene.fails(fakePgDump('exit 1'), { exitCode: 65, error: /pg_dump/ });
  rmSync(audience.terminationLog);
  mkdirSync(audience.terminationLog);
  const run = await scene.start({ ...fakePgDump('exit 1'), TERMINATION_LOG: audience.terminationLog }).ended;
  rmSync(audience.terminationLog, { recursive: true });
  assert.equal(onlyLine(run.stdout)['notified'], undefined);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { secret, useAudience } from './audience.ts';
import { canaries, onlyLine, type Result, useScene } from './scene.ts';

const scene = useScene();
const audience = useAudience();

const leaky = `echo "pg_dump: error: permission denied for table <b>invoices</b> with $PGPASSWORD and ${secret}" >&2; env >&2; exit 1`;

test('a failed dump is told everywhere, once, without secrets', async () => {
  const run = await scene.start({ ...audience.channels(), ...fakePgDump(leaky), BACKUP_SCHEDULE: '0 3 * * *' }).ended;
  const result = await scene.assertFailed(run, { exitCode: 65, error: /permission denied for table/ });
  const names = ['Webhook', 'Email', 'Ping', 'Pushgateway', 'Termination message'];
  assert.deepEqual(
    result['notified'],
    names.map((channel) => ({ channel, ok: true })),
  );
  const [hook, ...more] = audience.hooks();
  assert.deepEqual(more, []);
  assert.match(
    String(hook?.['headline']),
    /^❌ shop: backup failed: .*permission denied.* \(exit 65\)\. Newest good backup: .* old\.$/,
  );
  assert.equal(hook?.['event'], 'failure');
  assert.ok(Date.parse(String(hook['nextDue'])) > Date.now());
  assert.deepEqual(Object.keys(hook['newestGood'] as object), ['id', 'startedAt', 'ageMs']);
  assert.match(String(hook['logTail']), /ERROR: .*permission denied/);
  assert.deepEqual(audience.pinged(), ['/start', '/65']);
  assert.deepEqual(new Set(audience.pings().map(({ query }) => query.get('rid'))), new Set([hook['runId']]));
  assert.equal(audience.gateway.group({ job: 'pg_offsite', database: 'shop' })['pg_offsite_last_exit_code'], 65);
  assert.deepEqual(
    audience.mails.map(({ mail }) => mail.subject),
    [hook['headline']],
  );
  assert.deepEqual([audience.termination()['outcome'], audience.termination()['exitCode']], ['failure', 65]);
  audience.assertNothingLeaked(run.stdout + run.stderr);
});

test('a success is told to programs, and to people only where they asked for it', async () => {
  const { result } = await scene.succeeds(audience.channels());
  assert.deepEqual(
    result['notified'],
    ['Ping', 'Pushgateway', 'Termination message'].map((channel) => ({ channel, ok: true })),
  );
  assert.deepEqual(audience.pinged(), ['/start', '']);
  const figures = audience.gateway.group({ job: 'pg_offsite', database: 'shop' });
  assert.deepEqual(
    [
      figures['pg_offsite_last_exit_code'],
      figures['pg_offsite_last_success_bytes'],
      figures['pg_offsite_last_success_rows'],
    ],
    [0, result['bytes'], 5100],
  );
  assert.deepEqual([audience.termination()['outcome'], audience.termination()['id']], ['success', result['id']]);
  assert.deepEqual([audience.hooks(), audience.mails], [[], []]);
});

test('NOTIFY_ON=always tells a success with its size against the last one', async () => {
  const { result, run } = await scene.succeeds({ ...audience.channels(), NOTIFY_ON: 'always' });
  const [hook] = audience.hooks();
  assert.equal(hook?.['event'], 'success');
  assert.match(String(hook['headline']), /^✅ shop: backup stored, .* \(\d+% larger than the last\) in /);
  assert.deepEqual(
    [hook['backupId'], hook['bytes'], hook['rows'], hook['tables'], hook['rowsExact']],
    [result['id'], result['bytes'], 5100, 2, true],
  );
  assert.equal((hook['newestGood'] as Result)['id'], result['id']);
  assert.equal(audience.mails.length, 1);
  audience.assertNothingLeaked(run.stdout + run.stderr);
});

test('a wrong DATABASE_URL is told, and nothing else is contacted', async () => {
  const changes = { DATABASE_URL: `postgres//app:${canaries.databasePassword}@db/shop`, KEEP_LAST: 'many' };
  const run = await scene.start({ ...audience.channels(), ...changes }).ended;
  assert.equal(run.exitCode, 78, run.stderr);
  const [hook] = audience.hooks();
  assert.match(String(hook?.['headline']), /^❌ backup failed: the configuration has 2 problems \(exit 78\)\.$/);
  assert.match(JSON.stringify(hook?.['failure']), /KEEP_LAST=.*DATABASE_URL is not/);
  assert.deepEqual([hook?.['newestGoodKnown'], hook?.['database']], [false, null]);
  assert.deepEqual(audience.pinged(), ['/78']);
  assert.equal(audience.gateway.group({ job: 'pg_offsite' })['pg_offsite_last_exit_code'], 78);
  assert.equal(audience.mails.length, 1);
  assert.deepEqual(scene.server.calls, []);
  audience.assertNothingLeaked(run.stdout + run.stderr);
});

test('one channel that is set up wrong is a problem that the others are told', async () => {
  const run = await scene.start({ ...audience.channels(), EMAIL_TO: 'nobody' }).ended;
  assert.equal(run.exitCode, 78, run.stderr);
  assert.match(JSON.stringify(audience.hooks()[0]?.['failure']), /EMAIL_TO has something that is no mail address/);
  assert.equal(audience.mails.length, 0);
});

for (const [what, stop, exitCode, changes] of [
  ['SIGTERM', 'SIGTERM', 143, {}],
  ['SIGINT', 'SIGINT', 130, {}],
  ['its deadline', undefined, 124, { BACKUP_TIMEOUT: '3s' }],
] as const) {
  test(`a run that is ended by ${what} is told`, async () => {
    const run = scene.start({
      ...audience.channels(),
      ...changes,
      ...fakePgDump('head -c 7000000 /dev/zero; sleep 60'),
    });
    await until('a part is uploaded', () => scene.server.calls.some(({ operation }) => operation === 'UploadPart'));
    if (stop) run.signal(stop);
    const ended = await run.ended;
    await scene.assertFailed(ended, { exitCode, error: /stopped by|was not done after/ });
    assert.deepEqual(
      audience.hooks().map(({ exitCode: code }) => code),
      [exitCode],
    );
    assert.deepEqual(audience.pinged(), ['/start', `/${String(exitCode)}`]);
    assert.equal(audience.termination()['exitCode'], exitCode);
    audience.assertNothingLeaked(ended.stdout + ended.stderr);
  });
}

test('SIGTERM is told while a store that answers nothing any more holds up the clean-up', async () => {
  const hanging = (): boolean => scene.server.calls.some(({ operation }) => operation === 'CompleteMultipartUpload');
  scene.server.fault({ operation: '*', when: hanging, action: { kind: 'hang' } });
  const run = scene.start({ ...audience.channels(), S3_TIMEOUT: '60s' });
  await until('the upload is being completed', hanging);
  run.signal('SIGTERM');
  const signalled = performance.now();
  await until('the webhook was told', () => audience.hooks().length > 0);
  assert.ok(performance.now() - signalled < 9000, 'too late for docker stop');
  const { exitCode, stdout, stderr } = await run.ended;
  assert.ok(performance.now() - signalled < 20_500);
  assert.equal(exitCode, 143, stderr);
  assert.deepEqual(
    audience.hooks().map(({ exitCode: code }) => code),
    [143],
  );
  assert.deepEqual(
    (onlyLine(stdout)['notified'] as Result[]).map(({ ok }) => ok),
    [true, true, true, true, true],
  );
});

test('an exception that nobody handles is told', async () => {
  const preload = join(import.meta.dirname, '../fixtures/exception-on-signal.mjs');
  const run = scene.start(
    { ...audience.channels(), ...fakePgDump('head -c 7000000 /dev/zero; sleep 60') },
    { preload },
  );
  await until('a part is uploaded', () => scene.server.calls.some(({ operation }) => operation === 'UploadPart'));
  run.signal('SIGUSR2');
  await scene.assertFailed(await run.ended, { exitCode: 70, error: /unexpected error/ });
  assert.deepEqual(
    audience.hooks().map(({ exitCode }) => exitCode),
    [70],
  );
});

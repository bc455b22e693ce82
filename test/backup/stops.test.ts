import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { type S3Call, type S3Operation } from '../support/s3-server.ts';
import { until } from '../support/until.ts';
import { onlyLine, useScene } from './scene.ts';

const scene = useScene();
const hang = { kind: 'hang' } as const;

const called = (operation: S3Operation, file: string): Promise<void> =>
  until(`${operation} is called for ${file}`, () =>
    scene.server.calls.some((call) => call.operation === operation && call.key.endsWith(file)),
  );

/** What hangs, so that the run is just there when the signal comes. */
const phases: readonly (readonly [string, S3Operation, string, Record<string, string>])[] = [
  ['the check of the store', 'CreateMultipartUpload', '.dump', {}],
  ['the upload', 'UploadPart', '.dump', {}],
  ['CompleteMultipartUpload', 'CompleteMultipartUpload', '.dump', {}],
  ['the verification by HEAD', 'HeadObject', '.dump', {}],
  ['the verification by download', 'GetObject', '.dump', { VERIFY: 'download' }],
  ['writing RESTORE.md', 'PutObject', 'RESTORE.md', {}],
  ['writing the manifest', 'PutObject', 'manifest.json', {}],
];

for (const [phase, operation, file, changes] of phases) {
  test(`fault 36: SIGTERM during ${phase}`, async () => {
    const when = ({ key }: S3Call): boolean => key.endsWith(file);
    scene.server.fault({ operation, when, times: 2, action: hang });
    const run = scene.start({ S3_TIMEOUT: '60s', ...changes });
    await called(operation, file);
    run.signal('SIGTERM');
    const signalled = performance.now();
    const ended = await run.ended;
    assert.ok(performance.now() - signalled < 10_000);
    await scene.assertFailed(ended, { exitCode: 143, error: /^stopped by SIGTERM$/ });
  });
}

test('fault 36: SIGTERM when the manifest is stored already and only the run does not know', async () => {
  const isManifest = ({ key }: S3Call): boolean => key.endsWith('manifest.json');
  scene.server.fault({ operation: 'PutObject', when: isManifest, times: 1, action: { kind: 'lose-reply' } });
  scene.server.fault({ operation: 'HeadObject', when: isManifest, times: 2, action: hang });
  const run = scene.start({ S3_TIMEOUT: '60s' });
  await called('HeadObject', 'manifest.json');
  run.signal('SIGTERM');
  await scene.assertFailed(await run.ended, { exitCode: 143, error: /SIGTERM/ });
});

for (const lateMs of [1500, 6000]) {
  test(`fault 36: SIGTERM while the store takes the manifest, which it keeps ${String(lateMs)} ms later`, async () => {
    const isManifest = ({ key }: S3Call): boolean => key.endsWith('manifest.json');
    scene.server.fault({ operation: 'PutObject', when: isManifest, action: { kind: 'late', ms: lateMs } });
    const run = scene.start({ S3_TIMEOUT: '60s' });
    await called('PutObject', 'manifest.json');
    run.signal('SIGTERM');
    const ended = await run.ended;
    await scene.assertFailed(ended, { exitCode: 143, error: /SIGTERM/ });
  });
}

for (const [signal, exitCode] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 143],
  ['SIGQUIT', 143],
] as const) {
  test(`fault 36: ${signal} while pg_dump is at work`, async () => {
    const run = scene.start(fakePgDump('head -c 7000000 /dev/zero; sleep 60'));
    await called('UploadPart', '.dump');
    run.signal(signal);
    await scene.assertFailed(await run.ended, { exitCode, error: new RegExp(`^stopped by ${signal}$`) });
  });
}

test('fault 36: SIGTERM to a pg_dump that does not listen to it', async () => {
  const run = scene.start(fakePgDump(`trap '' TERM; head -c 7000000 /dev/zero; while :; do sleep 1; done`));
  await called('UploadPart', '.dump');
  run.signal('SIGTERM');
  await scene.assertFailed(await run.ended, { exitCode: 143, error: /SIGTERM/ });
});

test('fault 36: SIGTERM while the store answers nothing any more', async () => {
  const completing = (): boolean => scene.server.calls.some((call) => call.operation === 'CompleteMultipartUpload');
  scene.server.fault({ operation: '*', when: completing, action: hang });
  const run = scene.start({ S3_TIMEOUT: '60s' });
  await called('CompleteMultipartUpload', '.dump');
  run.signal('SIGTERM');
  const signalled = performance.now();
  const { exitCode, stdout, stderr, leftBehind } = await run.ended;
  assert.ok(performance.now() - signalled < 20_500);
  assert.equal(exitCode, 143, stderr);
  assert.equal(onlyLine(stdout)['exitCode'], 143);
  assert.match(stderr, /WARN: an unfinished upload could not be removed/);
  assert.deepEqual(leftBehind, []);
});

for (const [first, second, exitCode] of [
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGINT', 'SIGINT', 130],
  ['SIGTERM', 'SIGINT', 130],
] as const) {
  test(`fault 38: ${second} after ${first} ends the run at once`, async () => {
    scene.server.fault({
      operation: ['UploadPart', 'AbortMultipartUpload'],
      when: ({ key }) => key.endsWith('.dump'),
      from: 2,
      action: hang,
    });
    const run = scene.start({ S3_TIMEOUT: '60s' });
    await called('UploadPart', '.dump');
    run.signal(first);
    await until(
      'the upload is being aborted',
      () => scene.server.calls.filter((call) => call.operation === 'AbortMultipartUpload').length > 1,
    );
    run.signal(second);
    const signalled = performance.now();
    const ended = await run.ended;
    assert.equal(ended.exitCode, exitCode, ended.stderr);
    assert.ok(performance.now() - signalled < 5000); // the aborting would go on for 10 s
  });
}

test('fault 40: the deadline is reached', async () => {
  const changes = { ...fakePgDump('head -c 7000000 /dev/zero; sleep 60'), BACKUP_TIMEOUT: '2s', BACKUP_ATTEMPTS: '5' };
  const { durationMs } = await scene.fails(changes, {
    exitCode: 124,
    error: /was not done after 2s/,
    hint: /BACKUP_TIMEOUT/,
  });
  assert.ok(durationMs < 20_000);
});

test('fault 35: pg_dump falls silent in the middle of the stream', async () => {
  const changes = { ...fakePgDump('head -c 7000000 /dev/zero; sleep 60'), STALL_TIMEOUT: '1s' };
  await scene.fails(changes, { exitCode: 65, error: /pg_dump has written no byte for 1s/, hint: /pg_stat_activity/ });
  const aborted = scene.server.calls.filter(({ operation }) => operation === 'AbortMultipartUpload');
  assert.equal(aborted.at(-1)?.status, 204);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { useScene } from './scene.ts';

const scene = useScene();
const ids = (stderr: string): string[] =>
  [...stderr.matchAll(/backing up shop .*\/(\S+)$/gm)].map(([, id]) => id ?? '');

/** Fails the first time, after 6 MB, and is the real pg_dump from then on. */
const failingOnce = (): Record<string, string> => {
  const flag = join(temporaryFolder(), 'flag');
  const real = join(scene.postgres.binDir, 'pg_dump');
  return fakePgDump(
    `[ -e ${flag} ] && exec ${real} "$@"; touch ${flag}; head -c 6000000 /dev/zero
     echo 'pg_dump: error: server closed the connection unexpectedly' >&2; exit 1`,
  );
};

test('a failure that can pass is tried again, as a new backup', async () => {
  const { result, run } = await scene.succeeds({ ...failingOnce(), BACKUP_ATTEMPTS: '2' });
  assert.match(
    run.stderr,
    /WARN: attempt 1 of 2 failed: pg_dump failed with exit code 1: server closed the connection/,
  );
  const [first, second, ...others] = ids(run.stderr);
  assert.notEqual(first, second);
  assert.equal(second, result['id']);
  assert.deepEqual(others, []);
});

test('fault 12: a conflict with recovery on a standby is tried again, and told in the end', async () => {
  const words = 'ERROR:  canceling statement due to conflict with recovery';
  const changes = { ...fakePgDump(`echo 'pg_dump: error: ${words}' >&2; exit 1`), BACKUP_ATTEMPTS: '2' };
  const run = await scene.fails(changes, {
    exitCode: 65,
    error: /conflict with recovery/,
    hint: /hot_standby_feedback/,
  });
  assert.equal(ids(run.stderr).length, 2);
});

test('a failure that would only repeat itself is not tried again', async () => {
  const words = 'ERROR:  permission denied for table notes';
  const changes = { ...fakePgDump(`echo 'pg_dump: error: ${words}' >&2; exit 1`), BACKUP_ATTEMPTS: '3' };
  const run = await scene.fails(changes, { exitCode: 65, error: /permission denied for table notes/ });
  assert.equal(ids(run.stderr).length, 1);
});

test('the deadline covers all attempts and the pauses between them', async () => {
  const changes = { ...fakePgDump('exit 1'), BACKUP_ATTEMPTS: '9', BACKUP_TIMEOUT: '3s' };
  const { stderr } = await scene.fails(changes, { exitCode: 124, error: /not done after 3s/ });
  assert.match(stderr, /attempt 1 of 9 failed: pg_dump failed with exit code 1/);
});

test('fault 36: SIGTERM in the pause between two attempts', async () => {
  const run = scene.start({ ...fakePgDump('head -c 6000000 /dev/zero; exit 1'), BACKUP_ATTEMPTS: '2' });
  await until('the first attempt has been cleaned up', () =>
    scene.server.calls.some(
      ({ operation, status }, at) => operation === 'AbortMultipartUpload' && status === 204 && at > 4,
    ),
  );
  run.signal('SIGTERM');
  await scene.assertFailed(await run.ended, { exitCode: 143, error: /SIGTERM/ });
});

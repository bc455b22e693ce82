import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { watchProcesses } from '../support/watch-processes.ts';
import { assertNoCanary, canaries, useScene } from './scene.ts';

const scene = useScene();

for (const [title, changes, exitCode] of [
  ['a run that succeeds', {}, 0],
  ['a run whose store refuses it', { S3_ACCESS_KEY_ID: 'wrong' }, 77],
  [
    'a run whose dump fails with the password in its words',
    fakePgDump('head -c 7000000 /dev/zero; env >&2; exit 1'),
    65,
  ],
] as const) {
  test(`fault 58: no secret is in any argument list or output of ${title}`, async () => {
    // Slow enough for every process to be seen.
    scene.server.fault({ operation: 'UploadPart', times: 1, action: { kind: 'delay', ms: 300 } });
    const more = { COMPRESSION: 'zstd', GPG_PASSPHRASE: canaries.passphrase, LOG_LEVEL: 'debug' };
    const run = scene.start({ ...more, ...changes });
    const { argv: seen, environments } = await watchProcesses(run.ended);
    const ended = await run.ended;
    assert.equal(ended.exitCode, exitCode, ended.stderr);
    assertNoCanary(ended.stdout + ended.stderr);
    if (exitCode === 0) {
      for (const program of ['pg_dump', 'zstd', 'gpg']) {
        assert.ok(
          seen.some((argv) => argv.split('\n')[0]?.endsWith(`/${program}`)),
          `${program} was never seen`,
        );
      }
      for (const [key, { data }] of scene.server.objects()) if (!key.endsWith('.gpg')) assertNoCanary(String(data));
    }
    for (const argv of seen) assertNoCanary(argv);
    // What compresses and encrypts gets nothing that it does not need.
    for (const [program, environment] of environments) {
      if (/\/(zstd|gpg)$/.test(program)) assertNoCanary(environment);
    }
  });
}

test('fault 58: wrong settings are told without the secrets in them', async () => {
  const { stdout, stderr, exitCode } = await scene.start({
    DATABASE_URL: `postgres//app:${canaries.databasePassword}@db/shop`,
    GPG_PASSPHRASE: canaries.passphrase,
    AGE_RECIPIENTS: canaries.passphrase,
    LOG_LEVEL: 'debug',
  }).ended;
  assert.equal(exitCode, 78);
  assertNoCanary(stdout + stderr);
});

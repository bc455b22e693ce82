import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fakeProgram } from '../support/fake-programs.ts';
import { gpgHome } from '../support/gpg-home.ts';
import { runCommand } from '../support/run-command.ts';
import type { StartedRun } from '../support/entrypoint.ts';
import { until } from '../support/until.ts';
import { keyFiles, scratchFolders, useStored } from './stored.ts';

const identity = await runCommand('age-keygen', []);
const AGE_RECIPIENTS = /age1\w+/.exec(identity)?.[0] ?? '';
const ageKey = { AGE_IDENTITY: identity.trim() };
const gpg = gpgHome();
after(() => {
  gpg.remove();
});
const publicKey = gpg.newKey('killed');
const exported = spawnSync('gpg', ['--homedir', gpg.path, '--batch', '--armor', '--export-secret-keys', 'killed']);
const gpgKey = { GPG_PRIVATE_KEY: String(exported.stdout) };
const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql('CREATE TABLE notes AS SELECT generate_series(1, 10) AS i', 'shop');
  },
  [
    { database: 'shop', variables: { AGE_RECIPIENTS } },
    { database: 'shop', variables: { GPG_PUBLIC_KEYS: publicKey } },
  ],
);
/** Decryption goes no further than this. */
const stuck = fakeProgram('zstd', 'exec sleep 60');

const running = (run: StartedRun, program: string): Promise<unknown> =>
  until(`${program} runs`, () => run.processes().some(({ commandLine }) => commandLine.includes(program)));

async function kill(run: StartedRun): Promise<void> {
  const before = run.processes().map(({ pid }) => pid);
  process.kill(run.pid, 'SIGKILL');
  for (const pid of before) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended with its parent.
    }
  }
  await run.ended;
}

test('of an age key nothing that can be read ever stands in a file with a name', async () => {
  const run = stored.start(['verify', stored.backups[0]!.id], { ...ageKey, ...stuck });
  await running(run, 'sleep');
  const open = run.processes().flatMap(({ pid }) => {
    const folder = `/proc/${String(pid)}/fd`;
    return readdirSync(folder).map((fd) => readlinkSync(join(folder, fd)));
  });
  assert.ok(
    open.some((path) => /^\/dev\/shm\/pg-offsite-.*\/secret \(deleted\)$/.test(path)),
    open.join('\n'),
  );
  assert.deepEqual(keyFiles(ageKey), []);
  await kill(run);
  assert.deepEqual(keyFiles(ageKey), []);
  assert.deepEqual(scratchFolders(run.pid), []);
});

test('a gpg key ring that a killed run has left is removed by the next run, a living one is not', async () => {
  const args = ['verify', stored.backups[1]!.id];
  const living = stored.start(args, { ...gpgKey, ...stuck });
  await running(living, 'sleep');
  const killed = stored.start(args, { ...gpgKey, ...stuck });
  await running(killed, 'sleep');
  await kill(killed);
  const [left = ''] = scratchFolders(killed.pid);
  assert.ok(existsSync(join(left, 'private-keys-v1.d')), left);

  const { exitCode, stderr } = await stored.run(args, gpgKey);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(scratchFolders(killed.pid), []);
  assert.equal(scratchFolders(living.pid).length, 1);
  await kill(living);
  await stored.run(args, gpgKey);
  assert.deepEqual(scratchFolders(living.pid), []);
});

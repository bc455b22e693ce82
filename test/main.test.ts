import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../src/commands/commands.ts';
import { onlyLine, useScene } from './backup/scene.ts';
import { type EndedRun, type EntrypointOptions, runEntrypoint } from './support/entrypoint.ts';
import { fakePgDump } from './support/fake-programs.ts';
import { gpgHome } from './support/gpg-home.ts';
import { until } from './support/until.ts';

const scene = useScene();
const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);
const uploading = (): Promise<void> =>
  until('a part is uploaded', () => scene.server.calls.some(({ operation }) => operation === 'UploadPart'));
const slow = (): Record<string, string> => fakePgDump('head -c 7000000 /dev/zero; sleep 60');

test('--version tells the version of package.json', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { exitCode, stdout } = await runEntrypoint({}, { args: ['--version'] });
  assert.deepEqual([exitCode, stdout], [0, `pg-offsite ${version}\n`]);
});

test('--help names every command', async () => {
  const { exitCode, stdout } = await runEntrypoint({}, { args: ['--help'] });
  assert.equal(exitCode, 0);
  for (const name of ['backup', 'doctor']) assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
});

test('--help ends with what everybody needs', async () => {
  const { stdout } = await runEntrypoint({}, { args: ['--help'] });
  for (const name of ['DATABASE_URL', 'BACKUP_DESTINATION', 'AGE_RECIPIENTS', 'docker run']) {
    assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
  }
});

/** Runs a command in this process. */
async function runHere(args: readonly string[]): Promise<{ exitCode: number; stdout: string }> {
  let stdout = '';
  const output = { write: (text: string) => (stdout += text) };
  const { signal } = new AbortController();
  const edge = { args, env: { S3_PART_SIZE: 'x' }, self: [], signal, stdout: output, stderr: output, runId: 'here' };
  return { exitCode: await runCommand(edge), stdout };
}

test('every command tells its usage and what each option does, whatever else is asked or set', async () => {
  const general = (await runHere(['--help'])).stdout;
  const [list = ''] = general.split('pg-offsite COMMAND');
  const names = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
  assert.equal(names.length, 12);
  for (const name of names) {
    const { exitCode, stdout } = await runHere([name, '--help']);
    assert.equal(exitCode, 0, name);
    const usage = new RegExp(`^usage: pg-offsite (${name}.*)$`, 'm').exec(stdout)?.[1] ?? '';
    for (const [option] of usage.matchAll(/--[a-z-]+/g)) assert.match(stdout, new RegExp(`^ {2}${option} +\\w`, 'm'));
  }
});

test('the doctor takes no arguments', async () => {
  const { exitCode, stdout, stderr } = await runEntrypoint(scene.env(), { args: ['doctor', 'extra'] });
  assert.deepEqual([exitCode, stdout], [64, '']);
  assert.match(stderr, /unexpected argument extra\nHINT: Usage: pg-offsite doctor/);
});

test('an unknown command is refused with a list of those there are', async () => {
  const { exitCode, stdout, stderr } = await runEntrypoint(scene.env(), { args: ['bakcup'] });
  assert.deepEqual([exitCode, stdout], [64, '']);
  assert.match(stderr, /unknown command: bakcup\nHINT: .*backup, restore, list, verify,.* doctor/);
});

test('a name that every object has is no command', async () => {
  assert.equal((await runEntrypoint({}, { args: ['constructor'] })).exitCode, 64);
});

test('backup with an argument is refused before anything is read', async () => {
  const { exitCode, stdout } = await runEntrypoint({}, { args: ['backup', '--all'] });
  assert.equal(exitCode, 64);
  assert.equal(onlyLine(stdout)['exitCode'], 64);
});

test('fault 62: a reader of standard output that goes away does not end the backup', async () => {
  const run = scene.start();
  run.closeStdout();
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 0, stderr);
  assert.equal(scene.addedFiles().length, 4);
});

test('fault 62: standard output that takes nothing does not end the backup', async () => {
  const { exitCode, stderr } = await scene.start({}, { before: ['sh', '-c', 'exec "$@" >/dev/full', 'sh'] }).ended;
  assert.equal(exitCode, 0, stderr);
  assert.equal(scene.addedFiles().length, 4);
});

test('fault 62: a failure keeps its exit code when neither output takes anything', async () => {
  const before = ['sh', '-c', 'exec "$@" >/dev/full 2>/dev/full', 'sh'];
  assert.equal((await scene.start({ S3_ACCESS_KEY_ID: 'wrong' }, { before }).ended).exitCode, 77);
});

test('fault 63: a program that runs out of things to wait for has failed', async () => {
  // The check of a program never comes back and nothing else is open: node would end with 0.
  const options = { args: ['doctor'], preload: fixture('never-settling-access.mjs') };
  const { exitCode, stderr } = await runEntrypoint(scene.env({ COMPRESSION: 'zstd' }), options);
  assert.equal(exitCode, 70);
  assert.match(stderr, /ended before its work was done/);
});

test('fault 63: it has failed even where nobody can be told', async () => {
  const before = ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'];
  const options = { args: ['doctor'], before, preload: fixture('never-settling-access.mjs') };
  assert.equal((await runEntrypoint(scene.env({ COMPRESSION: 'zstd' }), options)).exitCode, 70);
});

test('fault 63: a backup that waits for what never comes ends with its deadline', async () => {
  const changes = { COMPRESSION: 'zstd', BACKUP_TIMEOUT: '1s' };
  const run = await scene.start(changes, { preload: fixture('never-settling-access.mjs') }).ended;
  assert.equal(run.exitCode, 124, run.stderr);
  assert.equal(onlyLine(run.stdout)['exitCode'], 124);
});

for (const what of ['exception', 'rejection'] as const) {
  test(`fault 64: ${what} that nobody handles ends the run cleanly`, async () => {
    const run = scene.start(slow(), { preload: fixture(`${what}-on-signal.mjs`) });
    await uploading();
    run.signal('SIGUSR2');
    await scene.assertFailed(await run.ended, {
      exitCode: 70,
      error: /unexpected error: thrown by the test/,
      hint: /bug/,
    });
  });
}

/** Runs as nobody, without capabilities, in a file system in which nothing can be written but what `mounts` adds. */
const confined = (mounts: string): EntrypointOptions => ({
  before: [
    'unshare',
    '--mount',
    'sh',
    '-euc',
    `mount -t tmpfs -o ro tmpfs /dev/shm; mount --bind /tmp /tmp; mount --bind /run /run
     for at in / /tmp /run; do mount -o remount,bind,ro $at; done; ${mounts}
     exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all "$@"`,
    'sh',
  ],
});
const needsRoot = process.getuid?.() === 0 ? false : 'only root can mount';
const passphrase = { GPG_PASSPHRASE: 'a passphrase', COMPRESSION: 'zstd' };

const assertNoScratch = ({ exitCode, stderr }: EndedRun): void => {
  assert.equal(exitCode, 78, stderr);
  assert.match(stderr, /temporary key files/);
  assert.deepEqual(scene.addedFiles(), []);
};

test('fault 61: nothing can be written anywhere, no HOME, not root', { skip: needsRoot }, async () => {
  await scene.succeeds({ COMPRESSION: 'zstd' }, confined(''));
});

test('fault 61: gpg has a read-only root file system and /dev/shm', { skip: needsRoot }, async () => {
  await scene.succeeds(passphrase, confined('mount -t tmpfs -o size=1m,mode=1777 tmpfs /dev/shm;'));
});

test('fault 61: gpg has no place for its key ring', { skip: needsRoot }, async () => {
  assertNoScratch(await scene.start(passphrase, confined('')).ended);
});

test('fault 61: gpg has a place for its key ring that is full', { skip: needsRoot }, async (t) => {
  const home = gpgHome();
  t.after(home.remove);
  const full = 'mount -t tmpfs -o size=4k,mode=1777 tmpfs /dev/shm; head -c 4096 /dev/zero > /dev/shm/full;';
  assertNoScratch(await scene.start({ GPG_PUBLIC_KEYS: home.newKey('restore@example.com') }, confined(full)).ended);
});

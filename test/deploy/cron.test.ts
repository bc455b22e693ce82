import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { until } from '../support/until.ts';
import { deploy, deployed, envFile, type Variables } from './environments.ts';

const root = join(deploy, '..');
const crontab = deployed('cron/pg-offsite');
const password = `pa'ss "w#rd" $(touch /tmp/never) \\ %41`;

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres({ password });
  await postgres.psql('CREATE TABLE orders AS SELECT generate_series(1, 10) AS id');
});
after(() => postgres.stop('immediate'));

interface Job {
  readonly times: string;
  readonly user: string;
  readonly command: string;
}

/** The jobs of a file for /etc/cron.d, those that are commented out too, and the variables it sets. */
function parseCrontab(file: string): { jobs: readonly Job[]; variables: Variables } {
  const lines = file.split('\n').map((line) => line.replace(/^#(?=[0-9])/, ''));
  const jobs = lines.flatMap((line) => {
    const match = /^((?:[0-9*/,-]+\s+){4}[0-9*/,-]+)\s+(\S+)\s+(.*)$/.exec(line);
    return match === null ? [] : [{ times: match[1]!, user: match[2]!, command: match[3]! }];
  });
  return { jobs, variables: envFile(lines.filter((line) => /^[A-Z]+=/.test(line)).join('\n')) };
}
const { jobs, variables } = parseCrontab(crontab);
const [nightly, drill, checkout, prune] = jobs as [Job, Job, Job, Job];

/** Lets cron's own program read it, without the column of users that only /etc/cron.d has; nothing is installed. */
async function check(file: string): Promise<void> {
  const lines = file.split('\n').map((line) => line.replace(/^#(?=[0-9])/, ''));
  const personal = lines.map((line) => line.replace(/^((?:\S+\s+){5})(?:root|pg-offsite)\s+/, '$1')).join('\n');
  const path = join(temporaryFolder(), 'crontab');
  writeFileSync(path, personal);
  await runCommand('crontab', ['-n', path]);
}

/** What cron gives a job, besides what the file itself sets. */
function cronEnvironment(folder: string): Record<string, string> {
  return { HOME: folder, LOGNAME: 'root', ...variables, PATH: `${folder}:${variables['PATH'] ?? ''}` };
}

/** A `docker` that runs the program of this checkout with the variables of --env-file. */
const docker = `#!/bin/sh
[ "$1" = run ] || exit 125
while [ "$1" != pg-offsite ]; do
  [ "$1" = --env-file ] && file=$2
  shift
done
shift
while IFS= read -r line || [ -n "$line" ]; do
  case $line in [A-Z]*) export "$line" ;; esac
done <"$file"
exec ${root}/entrypoint.sh "$@"
`;

interface Place {
  readonly folder: string;
  readonly store: string;
  /** The command of a job as the shell gets it, with the places of this test. */
  readonly local: (job: Job) => string;
}

/** A host with its variables in a file, a docker, and a folder as the store. */
function host(changes: Variables = {}): Place {
  const folder = temporaryFolder();
  const store = join(folder, 'store');
  mkdirSync(store);
  writeFileSync(join(folder, 'docker'), docker);
  chmodSync(join(folder, 'docker'), 0o755);
  const { host: name, port } = postgres;
  const values = {
    PGHOST: name,
    PGPORT: String(port),
    PGUSER: 'postgres',
    PGPASSWORD: password,
    PGDATABASE: 'postgres',
    BACKUP_DESTINATION: `file://${store}`,
    ...changes,
  };
  const lines = Object.entries(values).map(([key, value]) => `${key}=${value}`);
  writeFileSync(join(folder, 'backup.env'), `# the variables\n\n${lines.join('\n')}`); // no line break at its end
  return {
    folder,
    store,
    local: ({ command }) =>
      command
        .replaceAll('/usr/local/lib/pg-offsite/', `${deploy}/cron/`)
        .replaceAll('/etc/pg-offsite/', `${folder}/`)
        .replaceAll('/opt/pg-offsite/', `${root}/`),
  };
}

/** Runs a job as cron does: by the shell of the file, with cron's variables and nothing else. */
function start(job: Job, { folder, local }: Place) {
  const shell = variables['SHELL'] ?? '';
  const child = spawn(shell, ['-c', local(job)], {
    cwd: folder,
    env: cronEnvironment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // cron gives each job a session of its own
  });
  const ended = Promise.all([once(child, 'close') as Promise<[number | null]>, text(child.stdout), text(child.stderr)]);
  return { child, ended: ended.then(([[exitCode], stdout, stderr]) => ({ exitCode, written: stdout + stderr })) };
}

const backups = (store: string): string[] =>
  readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('manifest.json'));

test("cron's own program takes the file, and the lines that it offers", async () => {
  assert.deepEqual(
    jobs.map(({ user }) => user),
    ['root', 'root', 'pg-offsite', 'root'],
  );
  await check(crontab);
  await assert.rejects(check(crontab.replace('0 2 * * *', '0 25 * * *')), /bad hour/);
  await assert.rejects(check(crontab.replace('0 2 * * *', '0 2 * *')), /bad/);
});

test('no % stands in a command, which cron would read as a line break', () => {
  for (const { command } of jobs) assert.ok(!command.includes('%'), command);
});

test('the nightly jobs start at the times of BACKUP_SCHEDULE', () => {
  const { BACKUP_SCHEDULE: schedule } = envFile(deployed('backup.env'));
  assert.deepEqual([nightly.times, checkout.times], [schedule, schedule]);
  assert.match(drill.command, /drill\.env .* drill latest$/);
});

for (const [name, job] of [
  ['from the image', nightly],
  ['from a checkout', checkout],
] as const) {
  test(`the line that runs ${name} makes a backup and writes nothing, so cron mails nothing`, async () => {
    const place = host();
    const { exitCode, written } = await start(job, place).ended;
    assert.deepEqual([exitCode, written], [0, '']);
    assert.equal(backups(place.store).length, 1);
    assert.equal(existsSync('/tmp/never'), false, 'a value was run by a shell');
  });

  test(`the line that runs ${name} ends with the code of a failure and writes the whole log, which cron mails`, async () => {
    const place = host({ PGDATABASE: 'no_such_database' });
    const { exitCode, written } = await start(job, place).ended;
    assert.equal(exitCode, 69, written);
    assert.match(written, / ERROR: database no_such_database does not exist/);
    assert.match(written, /^\{"outcome":"failure"/m);
    assert.equal(written.match(/ended with exit code 69/g)?.length, 1, written);
    assert.ok(!written.includes(password), 'the password is in the mail');
  });
}

test('a run that a shutdown of the host stops tidies up before its job ends', async () => {
  const begun = join(temporaryFolder(), 'begun');
  const place = host(fakePgDump(`touch ${begun}; exec sleep 60`, postgres.major));
  const { child, ended } = start(checkout, place);
  await until('the dump has begun', () => existsSync(begun));
  process.kill(-child.pid!, 'SIGTERM');
  const { written } = await ended;
  assert.match(written, /stopped by SIGTERM/);
  assert.match(written, /ended with exit code 143/);
  const left = readdirSync(place.store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.deepEqual(left, []);
});

test('the line that removes old backups does, with no database and no more than the policy', async () => {
  const place = host();
  assert.equal((await start(nightly, place).ended).exitCode, 0);
  const variables = `BACKUP_DESTINATION=file://${place.store}\nKEEP_DAILY=14\n`;
  writeFileSync(join(place.folder, 'prune.env'), variables);
  const { exitCode, written } = await start(prune, place).ended;
  assert.deepEqual([exitCode, written], [0, '']);
  assert.equal(backups(place.store).length, 1);
});

test('a file of variables that is not there is told, and nothing is run', async () => {
  const place = host();
  const missing = { ...checkout, command: checkout.command.replace('backup.env', 'bakcup.env') };
  const { exitCode, written } = await start(missing, place).ended;
  assert.equal(exitCode, 78);
  assert.match(written, /cannot read the file of variables '.*bakcup\.env'/);
  assert.deepEqual(backups(place.store), []);
});

test('a command that does not exist is told', async () => {
  const { exitCode, written } = await start({ ...checkout, command: `${deploy}/cron/quietly no-such-program` }, host())
    .ended;
  assert.equal(exitCode, 127);
  assert.match(written, /no-such-program.*not found/);
});

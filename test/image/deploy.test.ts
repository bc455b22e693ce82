import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { onlyLine } from '../backup/scene.ts';
import { deployed, type Variables } from '../deploy/environments.ts';
import { buildImage, type ContainerResult, startContainer } from '../support/image/container.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { useS3 } from '../support/s3.ts';
import { until } from '../support/until.ts';

/*
 * The docker lines of deploy/, with the flags that stand there and podman in the place of docker; and a container of
 * Compose's service `schedule` with its settings.
 */
const podman = join(import.meta.dirname, '../support/image/podman.sh');
const s3 = await useS3();
let image = '';
let server: TestPostgres;
let folder = '';
let keys = '';
before(async () => {
  [image, server, keys] = await Promise.all([buildImage(), startPostgres(), runCommand('age-keygen', [])]);
  await server.psql('CREATE TABLE orders AS SELECT generate_series(1, 10) AS id');
  folder = await mkdtemp(join(tmpdir(), 'pg-offsite-deploy-'));
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Every `docker run` of a file that starts the program, on one line each. */
function dockerRuns(path: string): string[] {
  const lines = deployed(path)
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const runs = lines.flatMap(
    (line) => /\bdocker run .*?pg-offsite (?:backup|doctor|drill latest)$/.exec(line)?.[0] ?? [],
  );
  assert.ok(runs.length > 0, path);
  return runs;
}

/** Runs a line in the folder with podman, whose containers have no more to write to than Docker's. */
async function run(line: string): Promise<ContainerResult> {
  const script = line
    .replaceAll('docker run', `${podman} run --read-only-tmpfs=false`)
    .replace(/(?:\/etc\/pg-offsite\/)?(backup|drill)\.env/, `${folder}/$1.env`)
    .replace('--name %N', '')
    .replace('--volume pg-offsite-drill:', `--volume ${folder.replace(/.*\//, '')}:`)
    .replace(/ pg-offsite (?=(backup|doctor|drill latest)$)/, ` ${image} `);
  const child = spawn('sh', ['-c', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { exitCode, stdout, stderr };
}

/** Writes both files of variables, for a bucket of their own. */
async function writeFiles(): Promise<void> {
  const store = s3.env(await s3.createBucket());
  const lines = (variables: Variables): string =>
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  const [recipient, identity] = [/age1\w+/.exec(keys)?.[0] ?? '', /AGE-SECRET-KEY-\w+/.exec(keys)?.[0] ?? ''];
  await writeFile(
    join(folder, 'backup.env'),
    lines({ ...store, DATABASE_URL: server.url(), AGE_RECIPIENTS: recipient, BACKUP_SCHEDULE: '0 2 * * *' }),
  );
  await writeFile(join(folder, 'drill.env'), lines({ ...store, AGE_IDENTITY: identity }));
}

for (const path of [
  'docker/README.md',
  'cron/pg-offsite',
  'systemd/image/pg-offsite-backup.service',
  'systemd/image/pg-offsite-drill.service',
]) {
  test(`the docker lines of ${path} do what they say`, async () => {
    await writeFiles();
    const runs = dockerRuns(path);
    if (!runs.some((line) => line.endsWith('backup')))
      runs.unshift(...dockerRuns('systemd/image/pg-offsite-backup.service'));
    for (const line of runs) {
      const { exitCode, stdout, stderr } = await run(line);
      assert.equal(exitCode, 0, `${line}\n${stdout}${stderr}`);
      if (line.endsWith('backup')) assert.equal(onlyLine(stdout)['outcome'], 'success');
    }
    await runCommand(podman, ['volume', 'rm', '--force', folder.replace(/.*\//, '')]);
  });
}

test('the service schedule of Compose runs with its settings, and its health check inside it', async () => {
  const file = parse(deployed('docker/compose.yaml'), { merge: true }) as {
    services: Record<string, { command: string[]; mem_limit: string; healthcheck: { test: string[] } }>;
  };
  const service = file.services['schedule']!;
  const port = String(await freePort());
  const env = {
    ...s3.env(await s3.createBucket()),
    DATABASE_URL: server.url(),
    BACKUP_SCHEDULE: '0 0 29 2 *',
    SCHEDULE_PORT: port,
  };
  const flags = ['--read-only', '--read-only-tmpfs=false', '--cap-drop=ALL', '--security-opt=no-new-privileges'];
  await using container = startContainer(image, {
    args: [...service.command, '--now'],
    env,
    flags: [...flags, `--memory=${service.mem_limit}`],
  });
  await until('a backup was made', async () => {
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
    return metrics.includes('pg_offsite_runs_total{outcome="success"} 1');
  });
  const check = service.healthcheck.test.slice(1).map((argument) => argument.replace(':9187/', `:${port}/`));
  await runCommand(podman, ['exec', container.name, ...check]);
  await assert.rejects(
    runCommand(podman, ['exec', container.name, ...check.map((argument) => argument.replace(`:${port}/`, ':1/'))]),
    /ended with 1\b/,
  );
  await container.signal('TERM');
  assert.equal((await container.ended).exitCode, 143);
});

import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { runCommand } from '../support/run-command.ts';
import { startEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';
import { acceptedByBackup, acceptedByDrill, deploy, deployed, dummies, type Variables } from './environments.ts';

interface Service {
  readonly command: readonly string[];
  readonly environment: Variables;
  readonly secrets: readonly ({ source: string } | string)[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
  readonly mem_limit: string;
  readonly stop_grace_period: string;
  readonly restart: string;
  readonly ports?: unknown;
  readonly privileged?: unknown;
}
const text = deployed('docker/compose.yaml');

/** What Compose makes of a file, with all that YAML merges; rejects with what it says against it. */
async function config(file: string): Promise<{ services: Record<string, Service>; secrets: Record<string, unknown> }> {
  const folder = temporaryFolder();
  cpSync(join(deploy, 'docker'), folder, { recursive: true });
  writeFileSync(join(folder, 'compose.yaml'), file);
  return parse(await runCommand('docker-compose', ['--file', join(folder, 'compose.yaml'), 'config'])) as never;
}
const { services, secrets } = await config(text);

let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
  await postgres.psql('CREATE TABLE orders AS SELECT generate_series(1, 10) AS id');
});
after(() => postgres.stop('immediate'));

/** The service's variables with its secrets as files of a folder here. */
function environment({ environment: variables, secrets: granted }: Service, values: Variables): Variables {
  const folder = temporaryFolder();
  const names = granted.map((secret) => (typeof secret === 'string' ? secret : secret.source));
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      if (!name.endsWith('_FILE')) return [name, value];
      assert.equal(dirname(value), '/run/secrets');
      assert.ok(names.includes(basename(value)), `${value} is not among the service's secrets`);
      assert.ok(basename(value) in secrets, `${value} is no secret of the file`);
      const file = join(folder, basename(value));
      writeFileSync(file, `${values[name.replace(/_FILE$/, '')] ?? ''}\n`);
      return [name, file];
    }),
  );
}

for (const [right, wrong] of [
  ['read_only:', 'read_olny:'],
  ['stop_grace_period:', 'stop_grace_perid:'],
  ['start_period:', 'start_periode:'],
  ['cap_drop: [ALL]', 'cap_drop: ALL'],
] as const) {
  test(`Compose refuses ${wrong} in the place of ${right}`, async () => {
    assert.ok(text.includes(right));
    await assert.rejects(config(text.replace(right, wrong)), /is invalid/);
  });
}

test('without a profile only the service that stays is started', () => {
  const without = Object.entries((parse(text, { merge: true }) as { services: Record<string, object> }).services)
    .filter(([, service]) => !('profiles' in service))
    .map(([name]) => name);
  assert.deepEqual(without, ['schedule']);
});

test('every container is without rights, and has the time that a run needs to tidy up', () => {
  assert.deepEqual(Object.keys(services).sort(), ['backup', 'doctor', 'drill', 'schedule']);
  for (const [name, service] of Object.entries(services)) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.equal(service.stop_grace_period, '30s', name);
    assert.ok(service.mem_limit, name);
    assert.deepEqual([service.ports, service.privileged], [undefined, undefined], name);
  }
});

test('each service is understood, and its secrets are files that exist for it', () => {
  for (const name of ['schedule', 'backup', 'doctor']) {
    const service = services[name]!;
    const { scheduler, run } = acceptedByBackup(environment(service, dummies));
    assert.ok(run.schedule);
    assert.ok(run.timeoutMs < 86_400_000);
    assert.equal(scheduler.port, name === 'schedule' ? 9187 : undefined);
  }
  acceptedByDrill(environment(services['drill']!, dummies));
  const used = Object.values(services).flatMap((service) => Object.values(service.environment));
  for (const secret of Object.keys(secrets)) assert.ok(used.includes(`/run/secrets/${secret}`), secret);
});

test('no service but the drill has the private key', () => {
  for (const [name, { environment: variables }] of Object.entries(services)) {
    assert.equal('AGE_IDENTITY_FILE' in variables, name === 'drill', name);
  }
});

/** Starts the service `schedule` with a backup at once, on a port of its own, and waits until that has ended so. */
async function scheduled(t: TestContext, url: string, outcome: 'success' | 'failure') {
  const port = String(await freePort());
  const service = services['schedule']!;
  const variables = {
    ...environment(service, { ...dummies, DATABASE_URL: url }),
    BACKUP_DESTINATION: `file://${temporaryFolder()}`,
    BACKUP_SCHEDULE: '0 0 29 2 *',
    SCHEDULE_PORT: port,
  };
  const run = startEntrypoint(variables, { args: [...service.command, '--now'] });
  const stop = async (): Promise<number | null> => {
    run.signal('SIGTERM');
    return (await run.ended).exitCode;
  };
  t.after(stop);
  await until(`a backup ended in ${outcome}`, async () => {
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
    return metrics.includes(`pg_offsite_runs_total{outcome="${outcome}"} 1`);
  });
  const [kind, program, ...args] = service.healthcheck.test;
  assert.deepEqual([kind, program], ['CMD', 'node']);
  const local = args.map((argument) => argument.replace(':9187/', `:${port}/`));
  const isHealthy = (): Promise<boolean> =>
    runCommand(process.execPath, local).then(
      () => true,
      () => false,
    );
  return { isHealthy, stop };
}

test('the health check is content after a good backup, and not when nobody answers', async (t) => {
  const { isHealthy, stop } = await scheduled(t, postgres.url(), 'success');
  assert.equal(await isHealthy(), true);
  assert.equal(await stop(), 143);
  assert.equal(await isHealthy(), false);
});

test('the health check is not content after a backup that failed', async (t) => {
  const { isHealthy } = await scheduled(t, postgres.url('no_such_database'), 'failure');
  assert.equal(await isHealthy(), false);
});

test('the README starts what the file has', () => {
  const readme = deployed('docker/README.md');
  const named = [...readme.matchAll(/docker compose run --rm (\w+)/g)].map(([, name]) => name);
  assert.ok(named.length >= 3);
  for (const name of named) assert.ok(services[name!], name);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { temporaryFolder } from '../support/fake-programs.ts';
import { acceptedByBackup, acceptedByDrill, deployed, dummies, type Variables } from './environments.ts';

// The package imports JSON in the way of bundlers.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import('@actions/workflow-parser');

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly env?: Variables;
  readonly if?: string;
  readonly run?: string;
}
interface Workflow {
  readonly on: { readonly schedule: readonly { readonly cron: string }[] };
  readonly concurrency: { readonly group: string; readonly 'cancel-in-progress'?: boolean };
  readonly jobs: Record<string, { readonly 'timeout-minutes': number; readonly steps: readonly Step[] }>;
}

const names = ['image.yml', 'backup.yml', 'drill.yml'] as const;
const workflow = (name: string): Workflow => parse(deployed(`github-actions/${name}`)) as Workflow;
const steps = (name: string): readonly Step[] => Object.values(workflow(name).jobs).flatMap((job) => job.steps);

/** What GitHub's own parser says against a workflow. */
async function problems(content: string): Promise<string[]> {
  const { context, value } = parseWorkflow({ name: 'backup.yml', content }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

/** The step that runs the image, with the names that its command hands to the container. */
function job(name: string): { env: Variables; handed: string[]; command: string } {
  const step = steps(name).find(({ run }) => run?.startsWith('exec docker run'));
  assert.ok(step?.env && step.run, `no step of ${name} runs the image`);
  return {
    env: step.env,
    handed: [...step.run.matchAll(/--env (\w+)/g)].map(([, handed]) => handed!),
    command: step.run,
  };
}

/** The step's variables with dummies in the place of secrets. */
function filled(env: Variables): Variables {
  const values = Object.entries(env).map(([name, value]) => [name, value.startsWith('${{') ? dummies[name] : value]);
  for (const [name, value] of values) assert.ok(value, `no dummy for ${String(name)}`);
  return Object.fromEntries(values) as Variables;
}

for (const name of names) {
  test(`GitHub's own parser has nothing against ${name}`, async () => {
    assert.deepEqual(await problems(deployed(`github-actions/${name}`)), []);
  });

  test(`the shell takes each script of ${name}`, () => {
    for (const { run } of steps(name)) {
      if (run === undefined) continue;
      const { status, stderr } = spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      assert.ok(!run.includes('${{'), 'a value of GitHub stands in a script, and could be code there');
    }
  });

  test(`${name} names each action by its commit`, () => {
    for (const { uses } of steps(name)) if (uses !== undefined) assert.match(uses, /@[0-9a-f]{40}$/);
  });
}

for (const [right, wrong] of [
  ['timeout-minutes:', 'timeout-minuts:'],
  ['cancel-in-progress:', 'cancel-in-proggress:'],
  ['secrets.DATABASE_URL', 'secret.DATABASE_URL'],
  ['- cron:', '- crom:'],
  ['if: failure()', 'if: failed()'],
] as const) {
  test(`it does have something against ${wrong}`, async () => {
    const text = deployed('github-actions/backup.yml');
    assert.ok(text.includes(right));
    assert.notDeepEqual(await problems(text.replace(right, wrong)), []);
  });
}

test('backup.yml hands on each variable, and they are understood', () => {
  const { env, handed } = job('backup.yml');
  assert.deepEqual(handed.toSorted(), Object.keys(env).toSorted());
  const { run } = acceptedByBackup(filled(env));
  const [{ cron }] = workflow('backup.yml').on.schedule as [{ cron: string }];
  assert.equal(run.schedule?.expression, cron);
  assert.equal(run.timezone, 'UTC', 'GitHub keeps schedules in UTC');
  const { 'timeout-minutes': minutes } = workflow('backup.yml').jobs['backup']!;
  assert.ok(minutes * 60_000 >= run.timeoutMs + 300_000, 'GitHub ends the job before the run can end itself');
  assert.ok(minutes <= 360, 'GitHub allows six hours');
});

test('drill.yml hands on each variable, and they are understood', () => {
  const { env, handed } = job('drill.yml');
  assert.deepEqual(handed.toSorted(), Object.keys(env).toSorted());
  acceptedByDrill(filled(env));
});

test('secrets that stay unset do no harm', () => {
  const { env } = job('backup.yml');
  acceptedByBackup({ ...filled(env), SLACK_WEBHOOK_URL: '', HEALTHCHECK_URL: '' });
});

test('a run is never cancelled by the next, and the backup holds no private key', () => {
  assert.equal(workflow('backup.yml').concurrency['cancel-in-progress'], false);
  assert.ok(!deployed('github-actions/backup.yml').includes('AGE_IDENTITY'));
});

for (const [open, expected] of [
  ['', /^issue create --title The database backup failed --body See https:/m],
  ['41', /^issue comment 41 --body Again: https:/m],
] as const) {
  test(`a failure ${open === '' ? 'opens an issue' : 'is added to the issue that is open'}`, () => {
    const step = steps('backup.yml').at(-1)!;
    assert.match(step.if ?? '', /failure\(\).*cancelled\(\)/);
    const folder = temporaryFolder();
    const calls = join(folder, 'calls');
    writeFileSync(join(folder, 'gh'), `#!/bin/sh\necho "$*" >>${calls}\nif [ "$2" = list ]; then echo '${open}'; fi\n`);
    chmodSync(join(folder, 'gh'), 0o755);
    const { status, stderr } = spawnSync('bash', ['-e', '-c', step.run ?? ''], {
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, RUN: 'https://example.com/1', TITLE: step.env?.['TITLE'] },
    });
    assert.equal(status, 0, stderr);
    assert.match(readFileSync(calls, 'utf8'), expected);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { runCommand } from '../support/run-command.ts';
import { acceptedByBackup, acceptedByDrill, deploy, deployed, dummies, type Variables } from './environments.ts';

/*
 * What Render's documentation says of a Blueprint (render.com/docs/blueprint-spec), as far as ours goes. The schema that
 * Render publishes has no licence under which it could be kept here; `render blueprints validate` asks Render itself.
 */
const named = z.strictObject({ key: z.string().regex(/^[A-Z0-9_]+$/), value: z.string() });
const asked = z.strictObject({ key: z.string().regex(/^[A-Z0-9_]+$/), sync: z.literal(false) });
const fromGroup = z.strictObject({ fromGroup: z.string() });
const cronService = z.strictObject({
  type: z.literal('cron'),
  name: z.string(),
  runtime: z.literal('docker'),
  dockerfilePath: z.literal('./Dockerfile'),
  dockerContext: z.literal('.'),
  dockerCommand: z.string().optional(),
  region: z.enum(['oregon', 'ohio', 'virginia', 'frankfurt', 'singapore']),
  plan: z.enum(['starter', 'standard', 'pro', 'pro plus', 'pro max', 'pro ultra']),
  schedule: z.string().regex(/^\S+( \S+){4}$/),
  autoDeployTrigger: z.enum(['off', 'commit', 'checksPass']),
  envVars: z.array(z.union([named, asked, fromGroup])),
});
const blueprint = z.strictObject({
  // A group takes no `sync: false`: Render never asks for a value of one.
  envVarGroups: z.array(z.strictObject({ name: z.string(), envVars: z.array(named) })),
  services: z.array(cronService),
});

const text = deployed('render/render.yaml');
const { services, envVarGroups } = blueprint.parse(parse(text));
const [backup, drill] = services as [z.infer<typeof cronService>, z.infer<typeof cronService>];

/** The variables of a service, with a dummy for each value that Render asks for. */
function variables({ envVars }: z.infer<typeof cronService>): Variables {
  const entries = envVars.flatMap((entry) => {
    if ('fromGroup' in entry) {
      const group = envVarGroups.find(({ name }) => name === entry.fromGroup);
      assert.ok(group, `no group ${entry.fromGroup}`);
      return group.envVars.map(({ key, value }) => [key, value]);
    }
    const value = 'value' in entry ? entry.value : dummies[entry.key];
    assert.ok(value, `no dummy for ${entry.key}`);
    return [[entry.key, value]];
  });
  assert.equal(new Set(entries.map(([key]) => key)).size, entries.length, 'a variable is set twice');
  return Object.fromEntries(entries) as Variables;
}

for (const [right, wrong] of [
  ['dockerfilePath:', 'dockerFilePath:'],
  ['schedule:', 'shedule:'],
  ['  sync: false', '  sync: true'],
  ['type: cron', 'type: corn'],
  ['- fromGroup:', '- fromgroup:'],
] as const) {
  test(`${wrong} in the place of ${right} is noticed`, () => {
    assert.ok(text.includes(right));
    assert.equal(blueprint.safeParse(parse(text.replace(right, wrong))).success, false);
  });
}

test('the backup job is understood, and starts at the times of BACKUP_SCHEDULE', () => {
  const { run } = acceptedByBackup(variables(backup));
  assert.deepEqual([run.schedule?.expression, run.timezone], [backup.schedule, 'UTC']);
  assert.ok(run.timeoutMs < 12 * 3_600_000, 'Render ends a run after 12 hours');
  assert.equal(backup.dockerCommand, undefined);
});

test('the drill is understood', () => {
  acceptedByDrill(variables(drill));
});

test('what is secret is asked for, and is not in the file', () => {
  for (const { envVars } of services) {
    for (const entry of envVars) if ('value' in entry) assert.ok(!(entry.key in dummies), entry.key);
  }
});

test('the command of the drill works when it replaces the entrypoint, and when it is added to it', async () => {
  const [program, ...args] = (drill.dockerCommand ?? '').replace('/app', `${deploy}/..`).split(' ') as [string];
  assert.deepEqual(args, ['drill', 'latest']);
  const help = await runCommand(program, ['drill', '--help']);
  assert.match(help, /drill/);
  const own = (await runCommand('readlink', ['-f', program])).trim();
  assert.equal(await runCommand(own, [own, 'drill', '--help']), help);
});

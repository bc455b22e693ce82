import assert from 'node:assert/strict';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { knownNames } from '../../src/config/environment.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { deployKubernetes, overlays, readJob } from '../support/kubernetes/pod.ts';
import { runCommand } from '../support/run-command.ts';
import { deploy, envFile } from './environments.ts';

/*
 * Every shell block of the page is run from top to bottom by a shell in which `kubectl` writes down what it is asked for,
 * keeps the files that it is given, and makes of `create job --dry-run` what kubectl makes of our CronJob.
 */
const page = readFileSync(join(deployKubernetes, 'README.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
const jobs = overlays.map(readJob);

const folder = temporaryFolder();
let calls: string[] = [];
before(async () => {
  symlinkSync(deploy, join(folder, 'deploy'));
  const template = jobs[0]?.cronJob.spec.jobTemplate;
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'try' }, spec: template?.spec };
  writeFileSync(join(folder, 'job.yaml'), stringify(job));
  const kubectl = `kubectl() {
    echo "$*" >>calls
    for word; do case $word in --from-env-file=*|--from-file=*) cp -r "\${word#*=}" "kept-$4-$6" ;; esac; done
    case $* in *--dry-run*) cat job.yaml ;; 'apply -f -') cat >applied.yaml ;; esac
  }
  docker() { echo "docker $*" >>calls; }`;
  await runCommand('sh', ['-euc', `${kubectl}\n${blocks.join('\n')}`], { cwd: folder });
  calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
});

test('the page applies every overlay, and nothing that is not there', () => {
  const applied = calls.flatMap((call) => /^apply -k deploy\/kubernetes\/overlays\/(\w+)$/.exec(call)?.[1] ?? []);
  assert.deepEqual(applied, [...overlays]);
  for (const call of calls) {
    const [path] = /\bdeploy\/\S+/.exec(call) ?? [];
    if (path !== undefined) assert.ok(existsSync(join(folder, path)), path);
  }
});

for (const { overlay, cronJob, pod, ...job } of jobs) {
  const name = cronJob.metadata?.name ?? '';
  const namespace = cronJob.metadata?.namespace ?? '';

  test(`the secrets that the page makes for ${overlay} are those that its job reads`, () => {
    const files = pod.containers.flatMap((one) => job.files(one)).filter(({ content }) => content === undefined);
    const kept = envFile(readFileSync(join(folder, `kept-${name}-${namespace}`), 'utf8'));
    assert.deepEqual(Object.keys(kept).sort(), [...new Set(files.map(({ key }) => key))].sort());
    const first = calls.indexOf(`apply -f deploy/kubernetes/overlays/${overlay}/namespace.yaml`);
    assert.ok(
      first >= 0 && first < calls.findIndex((call) => call.includes(`--namespace ${namespace} --from-env-file`)),
    );
    assert.ok(first < calls.indexOf(`apply -k deploy/kubernetes/overlays/${overlay}`), 'the secrets are there first');
  });

  test(`what the page starts and reads of ${overlay} is there`, () => {
    const own = calls.filter(
      (call) => call.includes(`--namespace ${namespace} `) || call.endsWith(`--namespace ${namespace}`),
    );
    assert.ok(own.length >= 2, own.join('\n'));
    for (const call of own) {
      const [, from] = /--from=cronjob\/(\S+)/.exec(call) ?? [];
      if (from !== undefined) assert.equal(from, name);
      const [, label, value] = /--selector (app\S+)=(\S+)/.exec(call) ?? [];
      if (label) assert.equal(cronJob.spec.jobTemplate.spec?.template.metadata?.labels?.[label], value);
    }
  });
}

test('the job that tries runs doctor, and is the backup job in all else', () => {
  const applied = parse(readFileSync(join(folder, 'applied.yaml'), 'utf8')) as object;
  const right = parse(readFileSync(join(folder, 'job.yaml'), 'utf8').replace('- backup\n', '- doctor\n')) as object;
  assert.deepEqual(applied, right);
  assert.match(JSON.stringify(applied), /"args":\["doctor"\]/);
  assert.match(JSON.stringify(applied), /"name":"backup"/);
});

test('the Secret of messages holds variables of ours, and each namespace’s job takes it', () => {
  const known = knownNames();
  for (const { cronJob, pod } of jobs.filter(({ overlay }) => overlay !== 'fleet')) {
    const kept = envFile(
      readFileSync(join(folder, `kept-pg-offsite-notify-${cronJob.metadata?.namespace ?? ''}`), 'utf8'),
    );
    for (const name of Object.keys(kept)) assert.ok(known.has(name), name);
    for (const { envFrom } of pod.containers) {
      assert.deepEqual(envFrom?.at(-1), { secretRef: { name: 'pg-offsite-notify', optional: true } });
    }
  }
});

test('the folder of a fleet’s databases has the files that fleet.yaml names', () => {
  const { members } = parse(readFileSync(join(deployKubernetes, 'overlays/fleet/fleet.yaml'), 'utf8')) as {
    members: { urlFile: string }[];
  };
  for (const { urlFile } of members) {
    const path = join(
      folder,
      'kept-pg-offsite-databases-pg-offsite-fleet',
      urlFile.slice('/secrets/databases/'.length),
    );
    assert.match(readFileSync(path, 'utf8'), /^postgresql:/, urlFile);
  }
});

test('no secret stays on the disk of who follows the page', () => {
  for (const name of [
    'backup-secrets.env',
    'drill-secrets.env',
    'check-secrets.env',
    'notify.env',
    'fleet-secrets.env',
    'databases',
  ]) {
    assert.ok(page.includes(name), name);
    assert.ok(!existsSync(join(folder, name)), name);
  }
});

test('links of the page lead somewhere', () => {
  const links = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
  assert.ok(links.length > 10);
  for (const link of links) assert.ok(existsSync(join(deployKubernetes, link)), `${link} in ${dirname(link)}`);
});

test('the table of fates is that of the manifest', () => {
  const rules = jobs[0]?.cronJob.spec.jobTemplate.spec?.podFailurePolicy?.rules ?? [];
  const row = (words: string): string[] =>
    page
      .split('\n')
      .find((line) => line.startsWith('|') && line.includes(words))
      ?.match(/\b\d{2,3}\b/g) ?? [];
  const codes = (action: string): number[] => rules.find((rule) => rule.action === action)?.onExitCodes?.values ?? [];
  assert.deepEqual(
    row('BackoffLimitExceeded').map(Number),
    codes('Count').filter((code) => code < 128),
  );
  assert.deepEqual(row('PodFailurePolicy').map(Number), codes('FailJob'));
});

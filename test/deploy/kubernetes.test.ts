import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { IPodFailurePolicyRule } from 'kubernetes-models/batch/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { parseAllDocuments } from 'yaml';
import { duration } from '../../src/config/kinds.ts';
import { failureKinds } from '../../src/errors.ts';
import type { Manifest } from '../support/kubernetes/kustomize.ts';
import { deployKubernetes, overlays, type PlatformJob, readJob } from '../support/kubernetes/pod.ts';
import { schemaProblems } from '../support/kubernetes/schema.ts';

const jobs = overlays.map(readJob);
/** What a pod may take beside its run, in seconds: a node is found, the image pulled, the pod ended. */
const startAndEnd = 300;

const jobSpec = ({ cronJob }: PlatformJob) => {
  assert.ok(cronJob.spec.jobTemplate.spec);
  return cronJob.spec.jobTemplate.spec;
};
const setTimeoutOf = (job: PlatformJob): string | undefined =>
  job.pod.containers[0] && job.environment(job.pod.containers[0])['BACKUP_TIMEOUT'];

describe('the manifests by the published schemas', () => {
  test('have no unknown field, no missing one and no value of a wrong form', () => {
    assert.deepEqual(schemaProblems(jobs.flatMap(({ manifests }) => manifests)), []);
  });

  test('refuse every kind of slip', () => {
    const slips: Record<string, readonly [string, string]> = {
      'misspelled-in-job': ['"backoffLimit"', '"backofLimit"'],
      'misspelled-in-container': ['"readOnlyRootFilesystem"', '"readonlyRootFilesystem"'],
      'misspelled-in-volume': ['"defaultMode"', '"mode"'],
      'in-wrong-place': ['"backoffLimit":1', '"timeZone":"Etc/UTC"'],
      'none-of-enumeration': ['"Forbid"', '"Forbidden"'],
      missing: ['"schedule":"17 2 * * *",', ''],
      'text-for-number': ['"startingDeadlineSeconds":3600', '"startingDeadlineSeconds":"1h"'],
      'size-of-wrong-form': ['"512Mi"', '"512 MB"'],
    };
    const right = JSON.stringify(jobs[0]?.cronJob);
    const wrong = Object.entries(slips).map(([name, [from, to]]) => {
      assert.ok(right.includes(from), from);
      const manifest = JSON.parse(right.replace(from, to)) as Manifest;
      return { ...manifest, metadata: { name } };
    });
    const problems = schemaProblems(wrong);
    for (const name of Object.keys(slips)) {
      assert.ok(
        problems.some((problem) => problem.startsWith(`CronJob ${name}: `)),
        name,
      );
    }
  });
});

const kubectl = spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' });
const kustomizeMajor = Number(/"kustomizeVersion": "v(\d+)/.exec(kubectl.stdout)?.[1] ?? 0);
test(
  'kubectl makes the same of the kustomizations',
  { skip: kustomizeMajor >= 5 ? false : 'no kubectl with kustomize 5 or newer' },
  () => {
    const byName = (manifests: readonly Manifest[]): Record<string, Manifest> =>
      Object.fromEntries(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest]));
    for (const { overlay, manifests } of jobs) {
      const run = spawnSync('kubectl', ['kustomize', join(deployKubernetes, 'overlays', overlay)], {
        encoding: 'utf8',
      });
      assert.equal(run.status, 0, run.stderr);
      const documents = parseAllDocuments(run.stdout, { version: '1.1' }).map((one) => one.toJS() as Manifest);
      assert.deepEqual(byName(manifests), byName(documents), overlay);
    }
  },
);

for (const job of jobs) {
  const { overlay, cronJob, pod, manifests } = job;
  describe(`the job ${overlay}`, () => {
    test('never runs twice at once, starts late rather than never, and keeps failed runs', () => {
      const { spec } = cronJob;
      assert.equal(spec.concurrencyPolicy, 'Forbid');
      assert.ok(Number(spec.startingDeadlineSeconds) >= 600);
      assert.ok(Number(spec.successfulJobsHistoryLimit) >= 1);
      assert.ok(Number(spec.failedJobsHistoryLimit) >= 1);
      assert.ok((cronJob.metadata?.name ?? '').length <= 52, 'Kubernetes takes no longer name');
      assert.ok(Number(jobSpec(job).ttlSecondsAfterFinished) >= 86_400, 'the log of a night can be read the next day');
    });

    test('runs when settings.env says', () => {
      const [container] = pod.containers;
      assert.ok(container);
      const { BACKUP_SCHEDULE, BACKUP_TIMEZONE } = job.environment(container);
      assert.equal(cronJob.spec.timeZone, BACKUP_TIMEZONE);
      if (overlay === 'daily' || overlay === 'fleet') assert.equal(cronJob.spec.schedule, BACKUP_SCHEDULE);
      assert.notEqual(cronJob.spec.timeZone, 'Etc/UTC', 'what the base says is replaced');
    });

    test('has time for every pod that may be started, each as long as its run may take', () => {
      const {
        activeDeadlineSeconds = 0,
        backoffLimit = 6,
        backoffLimitPerIndex,
        completions = 1,
        parallelism = 1,
      } = jobSpec(job);
      const pods = 1 + (backoffLimitPerIndex ?? backoffLimit);
      const rounds = Math.ceil(completions / parallelism);
      const timeout = setTimeoutOf(job);
      const seconds = timeout === undefined ? 0 : duration(1).parse(timeout) / 1000;
      assert.equal(
        timeout === undefined,
        overlay === 'drill' || overlay === 'check',
        'the deadline is seen beside the other',
      );
      assert.ok(
        activeDeadlineSeconds >= rounds * pods * (seconds + startAndEnd),
        `${activeDeadlineSeconds} is too little`,
      );
      assert.ok(activeDeadlineSeconds < 86_400, 'a day later the next one is due');
      assert.ok(Number(pod.terminationGracePeriodSeconds) >= 25, 'tidying up takes up to 20 seconds');
    });

    test('decides the fate of each of our exit codes, once', () => {
      assert.equal(pod.restartPolicy, 'Never');
      const rules = jobSpec(job).podFailurePolicy?.rules ?? [];
      const [first, ...others] = rules;
      assert.equal(first?.action, 'Ignore', 'a disrupted pod also ends with 143, and the first rule that fits decides');
      assert.deepEqual(first.onPodConditions, [{ type: 'DisruptionTarget', status: 'True' }]);
      const fates = new Map<number, IPodFailurePolicyRule['action']>();
      for (const { action, onExitCodes } of others) {
        assert.equal(onExitCodes?.operator, 'In');
        assert.deepEqual(
          onExitCodes.values,
          [...onExitCodes.values].sort((a, b) => a - b),
          'Kubernetes wants them in order',
        );
        for (const code of onExitCodes.values) {
          assert.ok(!fates.has(code), `${code} is decided twice`);
          fates.set(code, action);
        }
      }
      const table = Object.values(failureKinds);
      assert.deepEqual(
        [...fates.keys()].sort((a, b) => a - b),
        table.map(({ exitCode }) => exitCode),
      );
      const ends = overlay === 'fleet' ? 'FailIndex' : 'FailJob';
      for (const { exitCode, retryable } of table) {
        const fate = fates.get(exitCode);
        const isSignal = exitCode > 128;
        if (isSignal) assert.equal(fate, 'Count', String(exitCode));
        else if (!retryable || overlay === 'fleet') assert.equal(fate, ends, String(exitCode));
        else if (overlay === 'daily') assert.equal(fate, 'Count', String(exitCode));
        else assert.equal(fate, [69, 74].includes(exitCode) ? 'Count' : ends, String(exitCode));
      }
    });

    test('runs as the image’s user, without any right', () => {
      assert.deepEqual(pod.securityContext, {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        fsGroup: 10001,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      });
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.enableServiceLinks, false);
      for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers'] as const)
        assert.ok(!(field in pod), field);
      for (const container of pod.containers) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        assert.ok(container.resources?.limits?.['memory'] && container.resources.requests?.['memory']);
        assert.equal(container.terminationMessagePolicy, 'FallbackToLogsOnError');
      }
    });

    test('mounts secrets as files that its group alone may read, and has what it refers to', () => {
      const names = (kind: string) => manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
      assert.deepEqual(names('ServiceAccount'), [pod.serviceAccountName]);
      for (const container of pod.containers) {
        const mounted = container.volumeMounts?.map(({ name }) => name).sort();
        assert.deepEqual(mounted, pod.volumes?.map(({ name }) => name).sort(), 'no volume without a mount');
        for (const { secretRef } of container.envFrom ?? []) if (secretRef) assert.equal(secretRef.optional, true);
        for (const { name, valueFrom } of container.env ?? []) assert.equal(valueFrom, undefined, name);
        for (const { variable, content, mode } of job.files(container)) {
          if (content === undefined) assert.equal(mode, 0o440, variable);
        }
      }
      for (const { name, emptyDir } of pod.volumes ?? []) if (emptyDir) assert.ok(emptyDir.sizeLimit, name);
    });

    test('lets its pods connect to DNS, HTTPS and, where they dump, PostgreSQL, and nobody to them', () => {
      const [policy, ...more] = manifests.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as INetworkPolicy[];
      assert.deepEqual(more, []);
      const selected = policy?.spec?.podSelector?.matchLabels ?? {};
      const labels = jobSpec(job).template.metadata?.labels ?? {};
      assert.ok(Object.keys(selected).length > 0);
      for (const [label, value] of Object.entries(selected)) assert.equal(labels[label], value, label);
      assert.equal(policy?.metadata?.namespace, cronJob.metadata?.namespace);
      assert.deepEqual(policy?.spec?.policyTypes, ['Ingress', 'Egress']);
      assert.equal(policy.spec.ingress, undefined);
      const ports = policy.spec.egress?.flatMap((rule) =>
        rule.ports?.map(({ port, protocol }) => `${protocol} ${port}`),
      );
      const dumps = overlay === 'daily' || overlay === 'fleet';
      assert.deepEqual(ports, ['UDP 53', 'TCP 53', ...(dumps ? ['TCP 5432'] : []), 'TCP 443']);
    });
  });
}

test('the room of the drill is asked of the node', () => {
  const [drill] = jobs.filter(({ overlay }) => overlay === 'drill');
  const scratch = drill?.pod.volumes?.find(({ emptyDir }) => emptyDir);
  const { requests, limits } = drill?.pod.containers[0]?.resources ?? {};
  assert.equal(requests?.['ephemeral-storage'], scratch?.emptyDir?.sizeLimit);
  assert.ok(
    Number.parseInt(String(limits?.['ephemeral-storage'])) > Number.parseInt(String(scratch?.emptyDir?.sizeLimit)),
  );
});

test('the pods of a fleet take shares of as many as there are', () => {
  const fleet = jobs.find(({ overlay }) => overlay === 'fleet');
  assert.ok(fleet?.pod.containers[0]);
  const { completionMode, completions, backoffLimitPerIndex } = jobSpec(fleet);
  assert.equal(completionMode, 'Indexed');
  assert.equal(backoffLimitPerIndex, 1, 'FailIndex needs it');
  assert.equal(fleet.environment(fleet.pod.containers[0])['FLEET_SHARDS'], String(completions));
});

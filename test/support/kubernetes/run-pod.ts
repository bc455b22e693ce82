import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IContainer } from 'kubernetes-models/v1';
import { type ContainerResult, runContainer } from '../image/container.ts';
import { runCommand } from '../run-command.ts';
import type { PlatformJob } from './pod.ts';

const podman = join(import.meta.dirname, '../image/podman.sh');

/** What the user of a manifest brings. */
export interface PodInput {
  readonly image: string;
  /** In the place of values of settings.env. */
  readonly settings: Readonly<Record<string, string>>;
  /** The content of the job's Secrets, by key. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Files besides those that variables name, by path: they get the mode of the volume that they are in. */
  readonly files?: Readonly<Record<string, string>>;
  /** Which pod of an Indexed Job this is. */
  readonly index?: number;
}

/** How a pod's container ended, and what `kubectl describe pod` would show of it. */
export interface PodResult extends ContainerResult {
  readonly terminationMessage: string;
}

/**
 * Runs a container of a job with the settings of its manifest and nothing else: user, groups, read-only root, rights,
 * memory, arguments, variables, Secrets with their mode and group, volumes, and the termination log, which Kubernetes adds.
 */
export async function runPod(job: PlatformJob, container: IContainer, input: PodInput): Promise<PodResult> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'pg-offsite-pod-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, 'termination-log');
  await writeFile(log, '');
  await chmod(log, 0o666); // as kubelet makes it
  const flags = [
    ...podFlags(job, container),
    `--volume=${log}:${container.terminationMessagePath ?? '/dev/termination-log'}`,
  ];
  const named = job.files(container).map(({ path, key, mode, content }) => {
    const value = content ?? input.secrets[key];
    if (value === undefined) throw new Error(`no value for ${key}`);
    return { path, mode, value };
  });
  const others = Object.entries(input.files ?? {}).map(([path, value]) => {
    const mount = container.volumeMounts?.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
    const volume = job.pod.volumes?.find(({ name }) => name === mount?.name);
    if (!volume?.secret) throw new Error(`no Secret is mounted where ${path} is`);
    return { path, mode: volume.secret.defaultMode, value };
  });
  for (const { path, mode, value } of [...named, ...others]) {
    const name = `pg-offsite-test-${randomBytes(6).toString('hex')}`;
    const file = join(folder, 'secret');
    await writeFile(file, value, { mode: 0o600 });
    await runCommand(podman, ['secret', 'create', name, file]);
    cleanup.defer(async () => {
      await runCommand(podman, ['secret', 'rm', name]);
    });
    const group = String(job.pod.securityContext?.fsGroup ?? 0);
    flags.push(`--secret=${name},type=mount,target=${path},uid=0,gid=${group},mode=${(mode ?? 0o644).toString(8)}`);
  }
  // Podman itself would take a TMPDIR of its environment.
  const { TMPDIR, ...env } = { ...job.environment(container), ...input.settings };
  if (TMPDIR !== undefined) flags.push(`--env=TMPDIR=${TMPDIR}`);
  if (input.index !== undefined) {
    const run = `${job.cronJob.metadata?.name ?? ''}-29385617`;
    flags.push(`--hostname=${run}-${input.index}`, `--env=JOB_COMPLETION_INDEX=${input.index}`);
  }
  const result = await runContainer(input.image, { args: container.args ?? [], env, flags });
  return { ...result, terminationMessage: await readFile(log, 'utf8') };
}

/** The flags of `podman run` that stand for what a manifest says. */
export function podFlags({ pod }: PlatformJob, { securityContext, resources, volumeMounts }: IContainer): string[] {
  const { runAsUser, runAsGroup, fsGroup } = pod.securityContext ?? {};
  if (runAsUser === undefined || runAsGroup === undefined || fsGroup === undefined)
    throw new Error('a pod without a user');
  const memory = bytes(String(resources?.limits?.['memory']));
  const flags = [
    `--user=${runAsUser}:${runAsGroup}`,
    `--group-add=${fsGroup}`,
    `--memory=${memory}`,
    `--memory-swap=${memory}`,
    ...(securityContext?.capabilities?.drop ?? []).map((name) => `--cap-drop=${name}`),
  ];
  if (securityContext?.readOnlyRootFilesystem === true) flags.push('--read-only', '--read-only-tmpfs=false');
  if (securityContext?.allowPrivilegeEscalation === false) flags.push('--security-opt=no-new-privileges');
  for (const { name, mountPath } of volumeMounts ?? []) {
    const volume = pod.volumes?.find((one) => one.name === name);
    // Open to the group, which its files get, as kubelet makes a volume of a pod with fsGroup.
    if (volume?.emptyDir) flags.push(`--tmpfs=${mountPath}:mode=2777,size=${bytes(String(volume.emptyDir.sizeLimit))}`);
  }
  return flags;
}

/** A quantity of Kubernetes in bytes. */
export function bytes(quantity: string): number {
  const [, digits, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  if (digits === undefined) throw new Error(`no quantity in Mi or Gi: ${quantity}`);
  return Number(digits) * 1024 ** (unit === 'Gi' ? 3 : 2);
}

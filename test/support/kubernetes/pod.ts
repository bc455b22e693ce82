import { join } from 'node:path';
import type { ICronJob } from 'kubernetes-models/batch/v1';
import type { IConfigMap, IContainer, IPodSpec } from 'kubernetes-models/v1';
import { kustomize, type Manifest } from './kustomize.ts';

/** The folder of the manifests. */
export const deployKubernetes = join(import.meta.dirname, '../../../deploy/kubernetes');

/** The folders that `kubectl apply -k` takes, each with one CronJob. */
export const overlays = ['daily', 'drill', 'check', 'fleet'] as const;

/** The name of one of {@link overlays}. */
export type Overlay = (typeof overlays)[number];

/** One overlay's job, with what its pods get. */
export interface PlatformJob {
  readonly overlay: Overlay;
  readonly manifests: readonly Manifest[];
  readonly cronJob: ICronJob;
  readonly pod: IPodSpec;
  /** What the variables of a container are, those of the optional Secret left out. */
  environment(container: IContainer): Record<string, string>;
  /** The files of a container's Secrets and ConfigMaps that its variables name, by path. */
  files(container: IContainer): MountedFile[];
}

/** A file that a variable names. */
export interface MountedFile {
  readonly variable: string;
  readonly path: string;
  /** Of the Secret or ConfigMap. */
  readonly object: string;
  readonly key: string;
  /** Undefined where Kubernetes chooses. */
  readonly mode: number | undefined;
  /** Of a ConfigMap; a Secret's is the user's. */
  readonly content: string | undefined;
}

/** The job of an overlay, as Kubernetes would get it. */
export function readJob(overlay: Overlay): PlatformJob {
  const manifests = kustomize(join(deployKubernetes, 'overlays', overlay));
  const cronJobs = manifests.filter(({ kind }) => kind === 'CronJob') as unknown as ICronJob[];
  const [cronJob] = cronJobs;
  const pod = cronJob?.spec.jobTemplate.spec?.template.spec;
  if (cronJob === undefined || pod === undefined || cronJobs.length > 1)
    throw new Error(`${overlay} has no single job`);
  const configMaps = manifests.filter(({ kind }) => kind === 'ConfigMap') as unknown as IConfigMap[];
  const dataOf = (name: string | undefined): Record<string, string> => {
    const found = configMaps.find(({ metadata }) => metadata?.name === name);
    if (found?.data === undefined) throw new Error(`${overlay} has no ConfigMap ${String(name)}`);
    return found.data;
  };
  return {
    overlay,
    manifests,
    cronJob,
    pod,
    environment: (container) => {
      const variables: Record<string, string> = {};
      for (const { configMapRef } of container.envFrom ?? []) {
        if (configMapRef) Object.assign(variables, dataOf(configMapRef.name));
      }
      for (const { name, value } of container.env ?? []) variables[name] = value ?? '';
      return variables;
    },
    files: (container) =>
      (container.env ?? []).flatMap(({ name, value = '' }) => {
        if (!name.endsWith('_FILE')) return [];
        const mount = container.volumeMounts?.find(({ mountPath }) => value.startsWith(`${mountPath}/`));
        const volume = pod.volumes?.find((one) => one.name === mount?.name);
        const object = volume?.secret?.secretName ?? volume?.configMap?.name;
        if (mount === undefined || object === undefined)
          throw new Error(`${overlay}: ${name} names a file of no volume`);
        const key = value.slice(mount.mountPath.length + 1);
        const content = volume?.configMap && dataOf(object)[key];
        if (volume?.configMap && content === undefined) throw new Error(`${overlay}: ${object} has no ${key}`);
        return [{ variable: name, path: value, object, key, mode: volume?.secret?.defaultMode, content }];
      }),
  };
}

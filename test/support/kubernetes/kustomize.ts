import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, parse } from 'yaml';

/** Any object of Kubernetes, as YAML has it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  [field: string]: unknown;
}

interface Image {
  name: string;
  newName?: string;
  newTag?: string;
  digest?: string;
}

interface Generator {
  name: string;
  envs?: string[];
  files?: string[];
  options: { disableNameSuffixHash: true };
}

interface Replacement {
  source: { kind: string; name: string; fieldPath: string };
  targets: { select: { kind: string; name?: string }; fieldPaths: string[] }[];
}

interface Kustomization {
  apiVersion: string;
  kind: 'Kustomization' | 'Component';
  namespace?: string;
  resources?: string[];
  components?: string[];
  configMapGenerator?: Generator[];
  images?: Image[];
  replacements?: Replacement[];
}

/** Kinds that are in no namespace. */
const clusterWide = ['Namespace'];
const known = [
  ...['apiVersion', 'kind', 'namespace', 'resources', 'components'],
  ...['configMapGenerator', 'images', 'replacements'],
];

/**
 * What `kubectl kustomize` makes of a folder, in the order in which it is put together. Knows only what our own
 * kustomizations use and throws on anything else; a test compares it with kubectl where there is one.
 */
export function kustomize(folder: string): Manifest[] {
  const manifests: Manifest[] = [];
  apply(folder, 'Kustomization', manifests);
  return manifests;
}

/** Every document of a YAML file, read as Kubernetes reads it: `0440` is octal. */
export function readManifests(path: string): Manifest[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { version: '1.1', uniqueKeys: true }).map((document) => {
    const [error] = document.errors;
    if (error) throw new Error(`${path}: ${error.message}`);
    return document.toJS() as Manifest;
  });
}

function apply(folder: string, kind: Kustomization['kind'], manifests: Manifest[]): void {
  const path = join(folder, 'kustomization.yaml');
  const kustomization = parse(readFileSync(path, 'utf8'), { version: '1.1' }) as Kustomization;
  const unknown = Object.keys(kustomization).filter((field) => !known.includes(field));
  if (unknown.length > 0) throw new Error(`${path}: ${unknown.join(', ')} is more than this resolver knows`);
  const version = kind === 'Component' ? 'v1alpha1' : 'v1beta1';
  if (kustomization.kind !== kind || kustomization.apiVersion !== `kustomize.config.k8s.io/${version}`)
    throw new Error(`${path} is no ${kind} of ${version}`);
  for (const resource of kustomization.resources ?? []) {
    const from = join(folder, resource);
    if (statSync(from).isDirectory()) apply(from, 'Kustomization', manifests);
    else manifests.push(...readManifests(from));
  }
  for (const component of kustomization.components ?? []) apply(join(folder, component), 'Component', manifests);
  for (const generator of kustomization.configMapGenerator ?? []) manifests.push(configMap(folder, generator));
  for (const manifest of manifests) {
    if (kustomization.namespace !== undefined && !clusterWide.includes(manifest.kind))
      manifest.metadata.namespace = kustomization.namespace;
    for (const image of kustomization.images ?? []) setImages(manifest, image);
  }
  for (const replacement of kustomization.replacements ?? []) replace(manifests, replacement, path);
  const names = manifests.map(({ kind: ofKind, metadata }) => `${ofKind} ${metadata.name}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`${path} has ${twice} twice`);
}

function configMap(folder: string, { name, envs = [], files = [], options, ...others }: Generator): Manifest {
  if (!(options as { disableNameSuffixHash?: boolean }).disableNameSuffixHash || Object.keys(others).length > 0)
    throw new Error(`the ConfigMap ${name} is made in a way that this resolver does not know`);
  const data: Record<string, string> = Object.fromEntries(
    files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
  for (const line of envs.flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))) {
    if (line === '' || line.startsWith('#')) continue;
    const [, key, value] = /^([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) throw new Error(`${folder}: no NAME=value: ${line}`);
    data[key] = value;
  }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** Every `image` at any depth: only containers have one. */
function setImages(value: unknown, image: Image): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>;
  if (holder['image'] === image.name) {
    const suffix = image.digest === undefined ? `:${image.newTag ?? 'latest'}` : `@${image.digest}`;
    holder['image'] = `${image.newName ?? image.name}${suffix}`;
  }
  for (const part of Object.values(holder)) setImages(part, image);
}

function replace(manifests: Manifest[], { source, targets }: Replacement, path: string): void {
  const [from, ...others] = manifests.filter(
    ({ kind, metadata }) => kind === source.kind && metadata.name === source.name,
  );
  if (from === undefined || others.length > 0) throw new Error(`${path}: no single ${source.kind} ${source.name}`);
  const value = at(from, source.fieldPath);
  if (value === undefined) throw new Error(`${path}: ${source.name} has no ${source.fieldPath}`);
  for (const { select, fieldPaths } of targets) {
    const chosen = manifests.filter(
      ({ kind, metadata }) => kind === select.kind && (select.name === undefined || metadata.name === select.name),
    );
    for (const manifest of chosen) for (const fieldPath of fieldPaths) put(manifest, fieldPath, value, path);
  }
}

function at(value: unknown, fieldPath: string): unknown {
  return fieldPath.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], value);
}

/** kustomize refuses to make a field that is not there. */
function put(manifest: Manifest, fieldPath: string, value: unknown, path: string): void {
  const keys = fieldPath.split('.');
  const last = keys.pop() ?? '';
  const holder = at(manifest, keys.join('.')) as Record<string, unknown>;
  if (!(last in holder)) throw new Error(`${path}: ${manifest.metadata.name} has no ${fieldPath} to replace`);
  holder[last] = value;
}

import { join } from 'node:path';
import * as batch from 'kubernetes-models/batch/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as core from 'kubernetes-models/v1';
import ts from 'typescript';
import type { Manifest } from './kustomize.ts';

interface Model {
  validate(): void;
}

const modules = { 'batch/v1': batch, 'networking.k8s.io/v1': networking, v1: core };
const root = join(import.meta.dirname, '../../..');

/**
 * What is wrong with manifests by Kubernetes' published schemas, in the form that the package kubernetes-models has: its
 * types refuse fields that are unknown, missing or of another type, and words that are none of an enumeration; its
 * validators refuse numbers and texts of a wrong form.
 */
export function schemaProblems(manifests: readonly Manifest[]): string[] {
  return [...typeProblems(manifests), ...manifests.flatMap(formProblems)];
}

function moduleOf({ apiVersion, kind }: Manifest): keyof typeof modules {
  const name = apiVersion === 'networking.k8s.io/v1' ? apiVersion : apiVersion === 'batch/v1' ? apiVersion : 'v1';
  if (!(kind in modules[name]) || (name === 'v1' && apiVersion !== 'v1'))
    throw new Error(`there is no schema of ${kind} in ${apiVersion}`);
  return name;
}

/** Checks the manifests as object literals of the published types: TypeScript refuses unknown fields of literals only. */
function typeProblems(manifests: readonly Manifest[]): string[] {
  const fileName = join(root, 'test/manifests.ts');
  const lines = manifests.map(
    (manifest) =>
      `{ const manifest: import('kubernetes-models/${moduleOf(manifest)}').I${manifest.kind} = ${JSON.stringify(manifest)}; void manifest; }`,
  );
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version, ...others) =>
    name === fileName ? ts.createSourceFile(name, lines.join('\n'), version) : readSource(name, version, ...others);
  const program = ts.createProgram([fileName], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start, file }) => {
    const index = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : 0;
    const { kind, metadata } = manifests[index] ?? { kind: '?', metadata: { name: '?' } };
    return `${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

function formProblems(manifest: Manifest): string[] {
  const Kind = (modules[moduleOf(manifest)] as unknown as Record<string, new (data: Manifest) => Model>)[manifest.kind];
  try {
    if (Kind) new Kind(manifest).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata.name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

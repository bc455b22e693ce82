import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProofFile } from '../../src/catalog/keys.ts';
import type { Manifest } from '../../src/catalog/manifest.ts';
import { parseProof, type Proof } from '../../src/catalog/proof.ts';
import type { EndedRun } from '../support/entrypoint.ts';
import { scratchFolder } from '../support/scratch-server.ts';
import { type Backup, rewritten, type Stored } from './stored.ts';

/** The proofs beside a backup, oldest first. */
export function proofsOf({ folder }: Backup): Proof[] {
  const files = readdirSync(folder).filter(isProofFile).sort();
  return files.map((file) => parseProof(readFileSync(join(folder, file), 'utf8'), file));
}

/** Writes a backup's manifest anew. */
export function editManifest(backup: Backup, change: (contents: Manifest['contents']) => void): void {
  const contents = structuredClone(backup.manifest.contents);
  change(contents);
  writeFileSync(join(backup.folder, 'manifest.json'), rewritten(backup.manifest, { contents }).manifest);
}

/** Drills, expects this exit code, and that nothing of the scratch server is left. */
export async function drills(
  stored: Stored,
  args: readonly string[],
  exitCode: number,
  variables: Record<string, string> = {},
): Promise<EndedRun> {
  const scratch = scratchFolder();
  const run = await stored.run(['drill', ...args], { ...scratch.variables, ...variables });
  assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
  assert.deepEqual([scratch.left(), scratch.serving()], [[], []], 'something of the scratch server is left');
  return run;
}

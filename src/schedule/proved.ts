import { describeEntry, type Entry } from '../catalog/entries.ts';
import { isProofFile } from '../catalog/keys.ts';
import { type Proof, proofFileName } from '../catalog/proof.ts';
import { newestProof } from '../catalog/proofs.ts';
import { Failure } from '../errors.ts';
import type { Store } from '../store/store.ts';

/** What the drills of a database say. */
export interface Proved {
  /** The newest proof of a drill that passed. */
  readonly passed: Proof | undefined;
  /** Backups whose drill failed later than that. */
  readonly failed: readonly Proof[];
}

/**
 * The newest passed proof among backups of one database, and the failed ones after it. Reads proofs from the newest on,
 * and stops there: mostly one, and the manifest that it must be about.
 * @throws {Failure} what the store throws.
 */
export async function newestPassed(store: Store, entries: readonly Entry[], signal: AbortSignal): Promise<Proved> {
  const drilled = entries
    .map((entry) => ({ entry, last: lastProofFile(entry) }))
    .filter(({ last }) => last !== '')
    .sort((a, b) => (a.last < b.last ? 1 : -1));
  let passed: Proof | undefined;
  const failed: Proof[] = [];
  for (const { entry, last } of drilled) {
    if (passed && proofFileName(new Date(passed.finishedAt)) >= last) break;
    const proof = await proofOf(store, entry, signal);
    if (proof?.outcome === 'failed') failed.push(proof);
    if (proof?.outcome === 'passed' && (!passed || proof.finishedAt > passed.finishedAt)) passed = proof;
  }
  return { passed, failed: failed.filter(({ finishedAt }) => !passed || finishedAt > passed.finishedAt) };
}

/** Undefined also where the manifest is damaged: then nothing says which bytes a proof must be about. */
async function proofOf(store: Store, entry: Entry, signal: AbortSignal): Promise<Proof | undefined> {
  const described = await describeEntry(store, entry, signal);
  if ('manifest' in described) return newestProof(store, described, signal);
  if (described.failure instanceof Failure && described.failure.kind === 'verification') return undefined;
  throw described.failure;
}

function lastProofFile({ folder, objects }: Entry): string {
  const files = objects.map(({ key }) => key.slice(folder.length)).filter(isProofFile);
  return files.sort().at(-1) ?? '';
}

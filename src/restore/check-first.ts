import type { Artifact } from '../catalog/manifest.ts';
import type { SigningConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Progress } from '../report/progress.ts';
import { followReading } from '../report/reading.ts';
import type { Store } from '../store/store.ts';
import { checkedBytes } from './decode.ts';
import { hashBlocks, type KnownBlocks } from './known-blocks.ts';
import { sideBySide } from '../pipeline/side-by-side.ts';

/** What is to be read, and how that is told. */
export interface Reading {
  readonly store: Store;
  /** The backup's folder, with its slash. */
  readonly folder: string;
  readonly artifacts: readonly Artifact[];
  /** How many are read at once. */
  readonly atOnce: number;
  readonly name: string;
  readonly progress: Progress;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What was read of a backup's artifacts, by their file names. */
export type KnownArtifacts = ReadonlyMap<Artifact['key'], KnownBlocks>;

/**
 * Reads objects once, where only what is signed is believed, before anything of them is used: the hash of all of one is known
 * only at its end, and until then a server would run the statements of whoever replaced it. Empty where no keys say so.
 * @throws {Failure} `verification` for an object that is not as its manifest records it.
 */
export async function checkFirst(
  { publicKeys }: SigningConfig,
  { store, folder, artifacts, atOnce, name, progress, log, signal }: Reading,
): Promise<KnownArtifacts> {
  if (publicKeys.length === 0) return new Map();
  log.info('checking all of the stored object against what was signed, before anything of it is used');
  const totalBytes = artifacts.reduce((total, { bytes }) => total + bytes, 0);
  using checking = followReading(progress, { name, totalBytes, log, step: 'checked' });
  const known = await sideBySide(artifacts, atOnce, signal, async (artifact, either) => {
    const stored = checkedBytes(store, folder + artifact.key, artifact, either);
    return [artifact.key, await hashBlocks(checking.pass(stored))] as const;
  });
  return new Map(known);
}

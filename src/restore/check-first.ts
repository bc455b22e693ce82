import type { Artifact } from '../catalog/manifest.ts';
import type { SigningConfig } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Progress } from '../report/progress.ts';
import { followReading } from '../report/reading.ts';
import type { Store } from '../store/store.ts';
import { checkedBytes } from './decode.ts';
import { hashBlocks, type KnownBlocks } from './known-blocks.ts';

/** What is to be read, and how that is told. */
export interface Reading {
  readonly store: Store;
  readonly key: string;
  readonly artifact: Artifact;
  readonly name: string;
  readonly progress: Progress;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Reads an object once, where only what is signed is believed, before anything of it is used: the hash of all of it is known
 * only at its end, and until then a server would run the statements of whoever replaced it. Undefined where no keys say so.
 * @throws {Failure} `verification` for an object that is not as its manifest records it.
 */
export async function checkFirst(
  { publicKeys }: SigningConfig,
  { store, key, artifact, name, progress, log, signal }: Reading,
): Promise<KnownBlocks | undefined> {
  if (publicKeys.length === 0) return undefined;
  log.info('checking all of the stored object against what was signed, before anything of it is used');
  using checking = followReading(progress, { name, totalBytes: artifact.bytes, log, step: 'checked' });
  return await hashBlocks(checking.pass(checkedBytes(store, key, artifact, signal)));
}

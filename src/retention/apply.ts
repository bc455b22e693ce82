import type { Entry } from '../catalog/entries.ts';
import { fileNames, isArtifactFile, isProofFile, isSignatureFile } from '../catalog/keys.ts';
import { someAtATime } from '../catalog/some-at-a-time.ts';
import { type Failure, toFailure } from '../errors.ts';
import type { Store, StoredObject } from '../store/store.ts';

/** Folders that are removed at once; within one, a few objects. */
const foldersAtOnce = 4;

/** An object that could not be removed. */
export interface NotRemoved {
  readonly id: string;
  readonly key: string;
  readonly failure: Failure;
}

/** What came of removing folders. */
export interface Removal {
  /** The ids of those of which nothing of ours is left. */
  readonly removed: readonly string[];
  readonly failed: readonly NotRemoved[];
  /** Of all objects that were removed. In a bucket with versions they are only hidden: its lifecycle frees them. */
  readonly bytesFreed: number;
  /** Why it ended early: the reason of the signal. The next prune goes on from there. */
  readonly interrupted: Failure | undefined;
}

/**
 * Removes folders, in the order given, some at a time: the manifest first, so that what is being removed is no backup any
 * more, then the rest, and `SHA256SUMS` last, so that an interrupted removal can be told and finished: see
 * interrupted.ts. Only objects that a backup writes are removed, never another that lies in the folder. What cannot be
 * removed does not stop the others, but a folder whose manifest stays is left whole. Never rejects.
 */
export async function removeFolders(store: Store, folders: readonly Entry[], signal: AbortSignal): Promise<Removal> {
  const removed: string[] = [];
  const failed: NotRemoved[] = [];
  let bytesFreed = 0;

  const remove = async (entry: Entry, objects: readonly StoredObject[]): Promise<boolean> => {
    const outcomes = await Promise.all(
      objects.map(async ({ key, bytes }) => {
        try {
          await store.remove(key, signal);
          bytesFreed += bytes;
          return true;
        } catch (error) {
          if (!signal.aborted) failed.push({ id: entry.id, key, failure: toFailure(error) });
          return false;
        }
      }),
    );
    return outcomes.every(Boolean);
  };
  await someAtATime(folders, foldersAtOnce, async (entry) => {
    if (signal.aborted) return;
    const [marker, rest, sums] = inOrder(entry);
    if ((await remove(entry, marker)) && (await remove(entry, rest)) && (await remove(entry, sums))) {
      removed.push(entry.id);
    }
  });
  return {
    removed: removed.sort(),
    failed,
    bytesFreed,
    interrupted: signal.aborted ? toFailure(signal.reason) : undefined,
  };
}

/** The manifest; the data, the guide, the proofs and the signatures; `SHA256SUMS`. Each only where it is there. */
function inOrder({ folder, objects }: Entry): [StoredObject[], StoredObject[], StoredObject[]] {
  const named = (wanted: (file: string) => boolean): StoredObject[] =>
    objects.filter(({ key }) => wanted(key.slice(folder.length)));
  return [
    named((file) => file === fileNames.manifest),
    named((file) => isArtifactFile(file) || file === fileNames.guide || isProofFile(file) || isSignatureFile(file)),
    named((file) => file === fileNames.sums),
  ];
}

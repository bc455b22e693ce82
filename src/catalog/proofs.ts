import type { Store } from '../store/store.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import type { Described, Entry } from './entries.ts';
import { isProofFile } from './keys.ts';
import { dumpsOf, type Manifest } from './manifest.ts';
import { parseProof, type Proof } from './proof.ts';
import { someAtATime } from './some-at-a-time.ts';
import { readText } from './stored-record.ts';

/** Proofs that are read at once. */
const readers = 8;
/** The most that is read of a proof: a hundred thousand tables that all differ fit. */
const maxProofBytes = 64 * 1024 * 1024;

/** A backup whose manifest says which bytes a proof of it must be about. */
export type Provable = Entry & { readonly manifest: Manifest };

/** A stored proof, or the failure of reading it. */
export type StoredProof =
  { readonly key: string; readonly proof: Proof } | { readonly key: string; readonly failure: Failure };

/**
 * All proofs of a backup, oldest first. One that is damaged, of another backup, of other bytes than its manifest records
 * or of a newer version proves nothing, but does not hide the others. Throws only the reason of an aborted signal.
 */
export async function readProofs(store: Store, backup: Provable, signal: AbortSignal): Promise<StoredProof[]> {
  return someAtATime(keysOf(backup), readers, (key) => readOne(store, key, backup, signal));
}

/**
 * The newest proof of a backup that says whether it can be restored; where there is none such, the newest of a drill that
 * could not run. What proves nothing is passed over. Undefined where there is none.
 * @throws {Failure} what the store throws: that a proof could not be read must not be taken for that there is none.
 */
export async function newestProof(store: Store, backup: Provable, signal: AbortSignal): Promise<Proof | undefined> {
  let undecided: Proof | undefined;
  for (const key of keysOf(backup).toReversed()) {
    const read = await readOne(store, key, backup, signal);
    if ('failure' in read) {
      if (read.failure.kind !== 'verification') throw read.failure;
    } else if (read.proof.outcome === 'could not run') undecided ??= read.proof;
    else return read.proof;
  }
  return undecided;
}

/** {@link newestProof} of each backup, by id, some at a time. Of one without a legible manifest nothing is proved. */
export async function proofStates(
  store: Store,
  backups: readonly Described[],
  signal: AbortSignal,
): Promise<Map<string, Proof | undefined>> {
  const newest = async (backup: Described) =>
    [backup.id, 'manifest' in backup ? await newestProof(store, backup, signal) : undefined] as const;
  return new Map(await someAtATime(backups, readers, newest));
}

/** Oldest first: the name holds the time. */
function keysOf({ folder, objects }: Entry): string[] {
  return objects
    .map(({ key }) => key)
    .filter((key) => isProofFile(key.slice(folder.length)))
    .sort();
}

async function readOne(
  store: Store,
  key: string,
  { id, database, manifest }: Provable,
  signal: AbortSignal,
): Promise<StoredProof> {
  const where = store.describe(key);
  try {
    const text = await readText(store, key, maxProofBytes, signal);
    if (text === undefined) throw new Failure('verification', `${where} is larger than any proof`);
    const proof = parseProof(text, where);
    if (proof.id !== id || proof.database !== database) {
      throw new Failure('verification', `${where} is the proof of ${proof.database} ${proof.id}`);
    }
    if (!isOfTheseBytes(proof, manifest)) {
      throw new Failure('verification', `${where} is the proof of other bytes than the manifest records`);
    }
    return { key, proof };
  } catch (error) {
    throwIfAborted(signal);
    return { key, failure: toFailure(error) };
  }
}

/** A manifest that was rewritten for another object must not inherit what was proved of the first one. */
function isOfTheseBytes(proof: Proof, manifest: Manifest): boolean {
  return dumpsOf(manifest).every(({ key, sha256 }) =>
    proof.artifacts.some((proved) => proved.key === key && proved.sha256 === sha256),
  );
}

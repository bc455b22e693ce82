import type { Store } from '../store/store.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import type { Entry } from './entries.ts';
import { isProofFile } from './keys.ts';
import { parseProof, type Proof } from './proof.ts';

/** Proofs that are read at once. */
const readers = 8;
/** The most that is read of a proof: a hundred thousand tables that all differ fit. */
const maxProofBytes = 64 * 1024 * 1024;

/** A stored proof, or the failure of reading it. */
export type StoredProof =
  { readonly key: string; readonly proof: Proof } | { readonly key: string; readonly failure: Failure };

/**
 * All proofs of a backup, oldest first. One that is damaged, of another backup or of a newer version proves nothing, but
 * does not hide the others. Throws only the reason of an aborted signal.
 */
export async function readProofs(store: Store, entry: Entry, signal: AbortSignal): Promise<StoredProof[]> {
  return readTogether(keysOf(entry), (key) => readOne(store, key, entry, signal));
}

/**
 * The newest proof of a backup that says whether it can be restored; where there is none such, the newest of a drill that
 * could not run. Damaged proofs are passed over. Undefined where there is none.
 * @throws {Failure} what the store throws: that a proof could not be read must not be taken for that there is none.
 */
export async function newestProof(store: Store, entry: Entry, signal: AbortSignal): Promise<Proof | undefined> {
  let undecided: Proof | undefined;
  for (const key of keysOf(entry).toReversed()) {
    const read = await readOne(store, key, entry, signal);
    if ('failure' in read) {
      if (read.failure.kind !== 'verification') throw read.failure;
    } else if (read.proof.outcome === 'could not run') undecided ??= read.proof;
    else return read.proof;
  }
  return undecided;
}

/** {@link newestProof} of each backup, by id, some at a time. */
export async function proofStates(
  store: Store,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<Map<string, Proof | undefined>> {
  const newest = (entry: Entry) => newestProof(store, entry, signal).then((proof) => [entry.id, proof] as const);
  return new Map(await readTogether(entries, newest));
}

/** Oldest first: the name holds the time. */
function keysOf({ folder, objects }: Entry): string[] {
  return objects
    .map(({ key }) => key)
    .filter((key) => isProofFile(key.slice(folder.length)))
    .sort();
}

async function readOne(store: Store, key: string, { id, database }: Entry, signal: AbortSignal): Promise<StoredProof> {
  const where = store.describe(key);
  try {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of store.get(key, signal)) {
      bytes += chunk.length;
      if (bytes > maxProofBytes) throw new Failure('verification', `${where} is larger than any proof`);
      chunks.push(chunk);
    }
    const proof = parseProof(Buffer.concat(chunks).toString('utf8'), where);
    if (proof.id === id && proof.database === database) return { key, proof };
    throw new Failure('verification', `${where} is the proof of ${proof.database} ${proof.id}`);
  } catch (error) {
    throwIfAborted(signal);
    return { key, failure: toFailure(error) };
  }
}

async function readTogether<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) done[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: readers }, worker));
  return done;
}

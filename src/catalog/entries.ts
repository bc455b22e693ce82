import type { Store, StoredObject } from '../store/store.ts';
import { Failure } from '../errors.ts';
import { readManifest } from './catalog.ts';
import { Folder, ownCopy } from './folder.ts';
import { databaseFolder, fileNames, parseKey, rootFiles } from './keys.ts';
import { isLastFailureKey } from './last-failure.ts';
import type { Manifest } from './manifest.ts';
import { someAtATime } from './some-at-a-time.ts';

/** One folder of a store that looks like a backup's. */
export interface Entry {
  readonly database: string;
  readonly id: string;
  /** With its slash. */
  readonly folder: string;
  readonly objects: readonly StoredObject[];
  /** It has a manifest and data. A folder without a manifest is what a killed run left behind, and no backup. */
  readonly complete: boolean;
  /**
   * It has a manifest but no data: a backup whose data was lost, or the manifest of a failed run that a store kept late.
   * Never to be chosen by time, but to be told.
   */
  readonly hollow: boolean;
}

/** Everything below a store's root. */
export interface Catalog {
  /** Oldest first; those of the same second by id. */
  readonly entries: readonly Entry[];
  /** Keys that are none of ours. */
  readonly foreign: readonly string[];
}

/** Manifests that are read at once. */
const readers = 8;
const ownAtRoot: ReadonlySet<string> = new Set(Object.values(rootFiles));

/** The order of a catalog: oldest first, those of the same second by their random part. */
export function byId(a: Pick<Entry, 'id'>, b: Pick<Entry, 'id'>): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Makes a catalog of what a store lists, in any order. Memory grows with the backups, by some hundred bytes each. */
export class Listing {
  readonly #found = new Map<string, Map<string, Folder>>();
  readonly #foreign: string[] = [];
  #objects = 0;

  /** How many objects there were that belong to backups or are foreign. */
  get objects(): number {
    return this.#objects;
  }

  add(object: StoredObject): void {
    const { key } = object;
    if (isLastFailureKey(key) || ownAtRoot.has(key)) return;
    this.#objects += 1;
    const parsed = parseKey(key);
    if (!parsed) {
      this.#foreign.push(ownCopy(key));
      return;
    }
    let database = this.#found.get(parsed.database);
    if (!database) this.#found.set(ownCopy(parsed.database), (database = new Map<string, Folder>()));
    let folder = database.get(parsed.id);
    if (!folder) {
      folder = new Folder(parsed.database, ownCopy(parsed.id));
      database.set(folder.id, folder);
    }
    folder.add(parsed.file, object);
  }

  get catalog(): Catalog {
    const entries = [...this.#found.values()].flatMap((database) => [...database.values()]);
    return { entries: entries.sort(byId), foreign: this.#foreign };
  }
}

/** Lists a store, or one database's part of it. Reads names only. */
export async function listCatalog(store: Store, database: string | undefined, signal: AbortSignal): Promise<Catalog> {
  const listing = new Listing();
  for await (const object of store.list(database === undefined ? '' : databaseFolder(database), signal)) {
    listing.add(object);
  }
  return listing.catalog;
}

/**
 * The manifest of a complete entry.
 * @throws {Failure} `verification` when it is damaged, or is the manifest of another backup.
 */
export async function readEntry(store: Store, { folder, database, id }: Entry, signal: AbortSignal): Promise<Manifest> {
  const manifest = await readManifest(store, folder + fileNames.manifest, signal);
  if (manifest.id === id && manifest.database === database) return manifest;
  const key = store.describe(folder + fileNames.manifest);
  throw new Failure('verification', `${key} is the manifest of ${manifest.database} ${manifest.id}`, {
    hint: 'It was copied or edited. Its objects cannot be trusted to be this backup.',
    retryable: false,
  });
}

/** An entry's manifest, or the failure of reading it. */
export type Described = Entry & ({ readonly manifest: Manifest } | { readonly failure: Error });

/** Reads the manifests of complete entries, some at a time, in the same order; a damaged one does not stop the rest. */
export async function describeEntries(
  store: Store,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<Described[]> {
  return someAtATime(entries, readers, async (entry) => {
    const described = await describeEntry(store, entry, signal);
    signal.throwIfAborted();
    return described;
  });
}

/** The same of one. Rejects only with what is no failure of reading it. */
export async function describeEntry(store: Store, entry: Entry, signal: AbortSignal): Promise<Described> {
  const { database, id, folder, objects, complete, hollow } = entry;
  const plain = { database, id, folder, objects, complete, hollow };
  return readEntry(store, entry, signal).then(
    (manifest) => ({ ...plain, manifest }),
    (failure: unknown) => ({ ...plain, failure: failure instanceof Error ? failure : new Error(String(failure)) }),
  );
}

import type { Store, StoredObject } from '../store/store.ts';
import { Failure } from '../errors.ts';
import { readManifest } from './catalog.ts';
import { backupFolder, databaseFolder, fileNames, isDumpFile, parseKey, rootFiles } from './keys.ts';
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

/** Lists a store, or one database's part of it. Reads names only. */
export async function listCatalog(store: Store, database: string | undefined, signal: AbortSignal): Promise<Catalog> {
  const found = new Map<string, { database: string; id: string; objects: StoredObject[] }>();
  const foreign: string[] = [];
  for await (const object of store.list(database === undefined ? '' : databaseFolder(database), signal)) {
    if (isLastFailureKey(object.key)) continue;
    const parsed = parseKey(object.key);
    if (!parsed) {
      if (!ownAtRoot.has(object.key)) foreign.push(object.key);
      continue;
    }
    const folder = backupFolder(parsed.database, parsed.id);
    const entry = found.get(folder) ?? { database: parsed.database, id: parsed.id, objects: [] };
    entry.objects.push(object);
    found.set(folder, entry);
  }
  const entries = [...found].map(([folder, entry]) => ({
    ...entry,
    folder,
    ...stateOf(folder, entry.objects),
  }));
  return { entries: entries.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)), foreign };
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
    const described = await readEntry(store, entry, signal).then(
      (manifest) => ({ ...entry, manifest }),
      (failure: unknown) => ({ ...entry, failure: failure instanceof Error ? failure : new Error(String(failure)) }),
    );
    signal.throwIfAborted();
    return described;
  });
}

function stateOf(folder: string, objects: readonly StoredObject[]): Pick<Entry, 'complete' | 'hollow'> {
  const files = objects.map(({ key }) => key.slice(folder.length));
  const marked = files.includes(fileNames.manifest);
  const filled = files.some(isDumpFile);
  return { complete: marked && filled, hollow: marked && !filled };
}

import type { Store } from '../store/store.ts';
import { byId, type Entry, Listing } from './entries.ts';
import { timestamp } from './ids.ts';
import { databaseFolder, decodeDatabaseName } from './keys.ts';
import { someAtATime } from './some-at-a-time.ts';

const hourMs = 3_600_000;
/** How far back is looked, step by step; further back is everything. The first finds what is made every night. */
const stepsMs = [26, 156, 936, 5616, 33_696].map((hours) => hours * hourMs);
/** So many a request lists. */
const pageObjects = 1000;
/** What has no more is listed as it is; whether there is more than a full page only the next one would tell. */
const smallObjects = 2 * pageObjects - 1;
/** Databases that are listed at once. */
const atOnce = 8;
/** Behind every id of a database, whatever its year, and before other names. */
const behindIds = ':';

/** Some of a store's backups: of each database all from some moment on. */
export interface Newest {
  /** Oldest first; those of the same second by id. */
  readonly entries: readonly Entry[];
  /** How many objects were listed that belong to backups or are foreign. */
  readonly objects: number;
  /** These are all there are. */
  readonly whole: boolean;
}

/** What to list. */
export interface NewestRequest {
  readonly store: Store;
  /** All databases of the store when undefined. */
  readonly database: string | undefined;
  /**
   * Whether one need not look further back for a database: from its entries so far, and those of all. All databases are
   * listed back to the same moment before it is asked again.
   */
  readonly isEnough: (own: readonly Entry[], all: readonly Entry[]) => boolean;
  /** This machine's time; where it is wrong only the number of requests differs. */
  readonly now: Date;
  readonly signal: AbortSignal;
}

/**
 * Lists a store from its newest backups backwards, since ids begin with a time, until there are enough of them: a handful
 * of requests for each database, however many backups there are. What is small, or holds many databases with few backups
 * each, is listed as it is. Reads names only.
 */
export async function listNewest(request: NewestRequest): Promise<Newest> {
  const { isEnough } = request;
  const small = await listSmall(request);
  if ('entries' in small) return small;
  const { names } = small;
  const listings = new Map(names.map((name) => [name, new Listing()]));
  let left = names;
  // Listed so far is what is behind this moment.
  let until = behindIds;
  for (const since of [...stepsMs.map((ms) => timestamp(new Date(request.now.getTime() - ms))), '']) {
    await someAtATime(left, atOnce, async (name) => listBetween(request, name, since, until, listings.get(name)));
    until = since;
    const all = merged(listings.values());
    const byDatabase = Map.groupBy(all.entries, (entry) => entry.database);
    left = left.filter((name) => !isEnough(byDatabase.get(name) ?? [], all.entries));
    if (left.length === 0) return { ...all, whole: false };
  }
  return { ...merged(listings.values()), whole: left.length === names.length };
}

/**
 * All there is, where listing it takes no more requests than listing each database from its newest on; else the names of
 * the databases.
 */
async function listSmall({ store, database, signal }: NewestRequest): Promise<Newest | { readonly names: string[] }> {
  const listing = new Listing();
  const folders = new Set<string>();
  let names: string[] | undefined;
  let seen = 0;
  for await (const object of store.list(database === undefined ? '' : databaseFolder(database), signal)) {
    if (seen === smallObjects) names = database === undefined ? await databasesOf(store, signal) : [database];
    // The first folder alone was not small: the others may be as large.
    if (names && (folders.size <= 1 || seen >= smallObjects + pageObjects * names.length)) return { names };
    listing.add(object);
    seen += 1;
    if (!names && object.key.includes('/')) folders.add(object.key.slice(0, object.key.indexOf('/')));
  }
  return { entries: listing.catalog.entries, objects: listing.objects, whole: true };
}

async function databasesOf(store: Store, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for await (const folder of store.folders(signal)) {
    const name = decodeDatabaseName(folder);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Lists the backups of a database that began at one moment or later, up to another. */
async function listBetween(
  { store, signal }: NewestRequest,
  database: string,
  since: string,
  until: string,
  listing: Listing | undefined,
): Promise<void> {
  const folder = databaseFolder(database);
  for await (const object of store.list(folder, signal, folder + since)) {
    if (object.key > folder + until) return;
    listing?.add(object);
  }
}

function merged(listings: Iterable<Listing>): Pick<Newest, 'entries' | 'objects'> {
  const all = [...listings];
  const entries = all.flatMap(({ catalog }) => catalog.entries);
  return {
    entries: entries.sort(byId),
    objects: all.reduce((sum, { objects }) => sum + objects, 0),
  };
}

import type { Store } from '../store/store.ts';
import { type Entry, Listing, listCatalog } from './entries.ts';
import { timeOfId } from './ids.ts';
import { backupFolder } from './keys.ts';
import { listNewest, type Newest } from './newest.ts';

/** What somebody has named: see select.ts. */
export interface Named {
  readonly store: Store;
  /** All databases of the store when undefined. */
  readonly database: string | undefined;
  readonly selector: string;
  readonly signal: AbortSignal;
}

/**
 * Lets `choose` find the backups that are meant among as few entries as suffice: for `latest` the newest of each database,
 * for an id of a database its folder. Where it finds none there, it is asked again with all entries, so that what it finds
 * or throws is what it would of all.
 */
export async function chooseAmong<T>(named: Named, choose: (entries: readonly Entry[]) => T): Promise<T> {
  const { store, database, signal } = named;
  const few = await listFew(named);
  if (few?.whole === true) return choose(few.entries);
  if (few) {
    try {
      return choose(few.entries);
    } catch {
      signal.throwIfAborted();
    }
  }
  return choose((await listCatalog(store, database, signal)).entries);
}

type Few = Pick<Newest, 'entries' | 'whole'>;

async function listFew({ store, database, selector, signal }: Named): Promise<Few | undefined> {
  if (selector === 'latest') {
    const isEnough = (own: readonly Entry[]): boolean => own.some(({ complete }) => complete);
    return listNewest({ store, database, isEnough, now: new Date(), signal });
  }
  if (database === undefined || timeOfId(selector) === undefined) return undefined;
  const listing = new Listing();
  for await (const object of store.list(backupFolder(database, selector), signal)) listing.add(object);
  return { entries: listing.catalog.entries, whole: false };
}

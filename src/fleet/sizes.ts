import { type Entry, listCatalog } from '../catalog/entries.ts';
import { timeOfId } from '../catalog/ids.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { listFolders } from './listing.ts';
import { MemberStore } from './member-store.ts';

/** What one listing of a fleet's store tells. */
export interface StoredSizes {
  /** Bytes of the newest complete backup of each member that has one; those of all its databases together. */
  readonly bytes: ReadonlyMap<string, number>;
  /** Objects that are in no folder. */
  readonly atRoot: readonly StoredObject[];
}

/**
 * Reads sizes from the names in a store, with one listing. Memory does not grow with the number of backups.
 * @param before only backups that began before this count: those that the run itself makes meanwhile do not.
 */
export async function readSizes(store: Store, before: Date, signal: AbortSignal): Promise<StoredSizes> {
  const bytes = new Map<string, number>();
  const atRoot: StoredObject[] = [];
  for await (const { name, objects } of listFolders(store, signal, (object) => atRoot.push(object))) {
    const { entries } = await listCatalog(new MemberStore(store, name, objects), undefined, signal);
    const newest = new Map<string, Entry>();
    for (const entry of entries) {
      if (entry.complete && (timeOfId(entry.id)?.getTime() ?? 0) < before.getTime()) newest.set(entry.database, entry);
    }
    if (newest.size === 0) continue;
    const stored = [...newest.values()].flatMap((entry) => entry.objects);
    bytes.set(
      name,
      stored.reduce((sum, object) => sum + object.bytes, 0),
    );
  }
  return { bytes, atRoot };
}

import { timeOfId } from '../catalog/ids.ts';
import { fileNames, isDumpFile, parseKey } from '../catalog/keys.ts';
import type { Store, StoredObject } from '../store/store.ts';

/** What one listing of a fleet's store tells. */
export interface StoredSizes {
  /** Bytes of the newest complete backup of each member that has one; those of all its databases together. */
  readonly bytes: ReadonlyMap<string, number>;
  /** Objects that are in no folder. */
  readonly atRoot: readonly StoredObject[];
}

/** The folder that a listing has come to. */
interface Folder {
  readonly path: string;
  /** Undefined for a folder that is no backup's. */
  readonly backup: { readonly member: string; readonly database: string; readonly id: string } | undefined;
  bytes: number;
  marked: boolean;
  filled: boolean;
}

/**
 * Reads sizes from the names in a store, with one listing. Keys come in order, so that those of a backup come together:
 * memory does not grow with the number of backups.
 * @param before only backups that began before this count: those that the run itself makes meanwhile do not.
 */
export async function readSizes(store: Store, before: Date, signal: AbortSignal): Promise<StoredSizes> {
  const newest = new Map<string, Map<string, { readonly id: string; readonly bytes: number }>>();
  const atRoot: StoredObject[] = [];
  let folder: Folder | undefined;
  const finish = (): void => {
    if (!folder?.backup || !folder.marked || !folder.filled) return;
    const { member, database, id } = folder.backup;
    if ((timeOfId(id) ?? before) >= before) return;
    const databases = newest.get(member) ?? new Map<string, { id: string; bytes: number }>();
    newest.set(member, databases);
    const known = databases.get(database);
    if (known === undefined || id > known.id) databases.set(database, { id, bytes: folder.bytes });
  };
  for await (const object of store.list('', signal)) {
    const slash = object.key.lastIndexOf('/');
    if (slash === -1) {
      atRoot.push(object);
      continue;
    }
    if (folder?.path.length !== slash || !object.key.startsWith(folder.path)) {
      finish();
      folder = folderAt(object.key.slice(0, slash));
    }
    const file = object.key.slice(slash + 1);
    folder.bytes += object.bytes;
    if (file === fileNames.manifest) folder.marked = true;
    else if (isDumpFile(file)) folder.filled = true;
  }
  finish();
  const bytes = new Map<string, number>();
  for (const [member, databases] of newest) {
    bytes.set(
      member,
      [...databases.values()].reduce((sum, one) => sum + one.bytes, 0),
    );
  }
  return { bytes, atRoot };
}

function folderAt(path: string): Folder {
  const slash = path.indexOf('/');
  const parsed = slash === -1 ? undefined : parseKey(`${path.slice(slash + 1)}/${fileNames.manifest}`);
  const backup = parsed && { member: path.slice(0, slash), database: parsed.database, id: parsed.id };
  return { path, backup, bytes: 0, marked: false, filled: false };
}

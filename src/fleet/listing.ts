import type { Store, StoredObject } from '../store/store.ts';

/** What a store holds below one folder of its root. */
export interface StoredFolder {
  readonly name: string;
  /** Relative to the folder, in key order. */
  readonly objects: readonly StoredObject[];
}

/**
 * Lists a whole store once, folder by folder: keys come in order, so that those of a folder come together, and only one
 * folder is in memory.
 * @param atRoot gets the objects that are in no folder.
 */
export async function* listFolders(
  store: Store,
  signal: AbortSignal,
  atRoot: (object: StoredObject) => void = () => undefined,
): AsyncGenerator<StoredFolder, void, undefined> {
  let name: string | undefined;
  let objects: StoredObject[] = [];
  for await (const object of store.list('', signal)) {
    const slash = object.key.indexOf('/');
    if (slash === -1) {
      atRoot(object);
      continue;
    }
    const folder = object.key.slice(0, slash);
    if (folder !== name) {
      if (name !== undefined) yield { name, objects };
      name = folder;
      objects = [];
    }
    objects.push({ ...object, key: object.key.slice(slash + 1) });
  }
  if (name !== undefined) yield { name, objects };
}

/** Works on the folders of a store as they are listed, so many at once. The first rejection rejects. */
export async function eachFolder(
  store: Store,
  signal: AbortSignal,
  atOnce: number,
  work: (folder: StoredFolder) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  try {
    for await (const folder of listFolders(store, signal)) {
      const one = work(folder);
      running.add(one);
      // Whoever waits below hears of it; here it must only not count as unheard.
      one.catch(() => undefined).finally(() => running.delete(one));
      if (running.size >= atOnce) await Promise.race(running);
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
  }
}

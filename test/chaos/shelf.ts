import { createHash } from 'node:crypto';
import type { MemoryObject, S3Server } from '../support/s3-server.ts';

/** A folder of the store, read without any of the program's own code. */
export interface Folder {
  readonly database: string;
  readonly id: string;
  /** The objects' keys, without the folder, with what they hold. */
  readonly files: ReadonlyMap<string, MemoryObject>;
  /** What a reader takes for a backup: it has a manifest, and the dump or all of its lanes. */
  readonly isBackup: boolean;
  /** It has a manifest and lacks a dump. */
  readonly isHollow: boolean;
}

/** What is in a store at one moment. */
export type Shelf = ReadonlyMap<string, Folder>;

/** The part of a manifest that is judged here. */
export interface ManifestText {
  readonly id: string;
  readonly database: string;
  readonly artifacts: readonly {
    readonly key: string;
    readonly kind: 'dump' | 'globals';
    readonly lane: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly format: 'custom' | 'plain';
    readonly compression: 'zstd' | 'gzip' | 'none';
    readonly encryption: 'none' | 'age' | 'gpg' | 'gpg-passphrase';
  }[];
  readonly contents: {
    readonly tables: readonly { readonly name: string; readonly rows: number | null; readonly exact: boolean }[];
  };
}

/** Looks at the store. */
export function lookAt(server: S3Server): Shelf {
  const found = new Map<string, { database: string; id: string; files: Map<string, MemoryObject> }>();
  for (const [key, object] of server.objects()) {
    const [, path = '', database = '', id = '', file = ''] = /^nightly\/(([^/]+)\/([^/]+))\/([^/]+)$/.exec(key) ?? [];
    if (path === '') continue;
    const folder = found.get(path) ?? { database, id, files: new Map<string, MemoryObject>() };
    folder.files.set(file, object);
    found.set(path, folder);
  }
  return new Map(
    [...found].map(([path, folder]) => {
      const marked = folder.files.has('manifest.json');
      const filled = dumpsIn(folder.files).every((file) => folder.files.has(file));
      return [path, { ...folder, isBackup: marked && filled, isHollow: marked && !filled }];
    }),
  );
}

/** The files that hold the database, by the manifest; where that says none, by their names. */
export function dumpsIn(files: Folder['files']): string[] {
  const text = files.get('manifest.json')?.data?.toString() ?? '';
  const named = [...text.matchAll(/"key": ?"(database[-.][^"]*)"/g)].flatMap(([, key]) => key ?? []);
  if (named.length > 0) return named;
  const found = [...files.keys()].filter((file) => /^database[-.]/.test(file));
  return found.length > 0 ? found : ['database.dump'];
}

/** The backups of a database, newest first. */
export function backupsOf(shelf: Shelf, database: string): Folder[] {
  return [...shelf.values()]
    .filter((folder) => folder.isBackup && folder.database === database)
    .sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** The manifest of a backup. Throws where it is not to be read. */
export function manifestOf({ files, id, database }: Folder): ManifestText {
  const manifest = JSON.parse(bytesOf(files.get('manifest.json')).toString()) as ManifestText;
  if (manifest.id !== id || manifest.database !== database)
    throw new Error(`the manifest of ${id} is that of ${manifest.id}`);
  return manifest;
}

/** What is wrong with a backup's objects by its own manifest and sums; undefined where nothing is. */
export function damageOf(folder: Folder): string | undefined {
  try {
    const sums = bytesOf(folder.files.get('SHA256SUMS')).toString();
    if (!bytesOf(folder.files.get('RESTORE.md')).toString().includes(folder.id)) return 'RESTORE.md does not name it';
    for (const { key, bytes, sha256 } of manifestOf(folder).artifacts) {
      const data = bytesOf(folder.files.get(key));
      const found = createHash('sha256').update(data).digest('hex');
      if (data.length !== bytes || found !== sha256) return `${key} is not what the manifest says`;
      if (!sums.includes(`${sha256}  ${key}\n`)) return `${key} is not in SHA256SUMS`;
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** An object's bytes; throws where there is none. */
export function bytesOf(object: MemoryObject | undefined): Buffer {
  if (!object?.data) throw new Error('an object is missing');
  return object.data;
}

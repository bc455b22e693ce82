import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isCode } from './directory-errors.ts';

const partialName = /^\..*\.partial$/;

/** A file of a store in a directory. */
export interface WalkedFile {
  readonly key: string;
  /** It is being written, or was by a run that was killed: no object. */
  readonly partial: boolean;
}

/**
 * The files below a folder, in the order of their keys; none where it is not there. Links are not followed. A folder that
 * somebody removes meanwhile hides no other. Throws what the file system does.
 * @param folder its key, with a slash unless it is the root's, which is empty.
 * @param prefix of the keys that are wanted; of partial files those of the whole folder are.
 * @param after only keys behind this one are wanted: folders that hold none such are not opened.
 */
export async function walk(path: string, folder: string, prefix: string, after: string): Promise<WalkedFile[]> {
  const files: WalkedFile[] = [];
  const descend = async (here: string, above: string): Promise<void> => {
    const entries = await readdir(here, { withFileTypes: true }).catch((error: unknown) => {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
      throw error;
    });
    for (const entry of entries) {
      const key = above + entry.name;
      const isBehind = `${key}/` > after || after.startsWith(`${key}/`);
      if (entry.isDirectory()) {
        if (isBehind) await descend(join(here, entry.name), `${key}/`);
      } else if (entry.isFile()) {
        const partial = partialName.test(entry.name);
        if (partial || key.startsWith(prefix)) files.push({ key, partial });
      }
    }
  };
  await descend(path, folder);
  return files.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

import { mkdir, readdir, rmdir, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCode } from './directory-errors.ts';

/** What is to be thought of a store's folder that is not there; goes on after a semicolon. */
export const wasItMounted = 'if a volume was to be mounted there, it is missing, and what is stored there will be lost';

/** Whether nothing is at a path. */
export async function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: unknown) => isCode(error, 'ENOENT'),
  );
}

/** The names of the folders right in one, in order; none where it is not there. Throws what the file system does. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * Makes a folder with mode 0700, and those above it that are not there. Another run may be removing one of these just now,
 * as empty, which node tells as ENOENT, or as ENOTDIR: a few more tries tell that from a file in the way.
 * @returns the topmost that was made; undefined where all were there.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      if (tries === 10 || !isCode(error, 'ENOENT', 'ENOTDIR')) throw error;
      await sleep(10);
    }
  }
}

/** Removes folders that are empty, from this one upwards, below the one where it ends. */
export async function removeEmptyFolders(folder: string, end: string): Promise<void> {
  for (let path = folder; path !== end && path.startsWith(end.replace(/\/$/, '') + sep); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) return;
    }
  }
}

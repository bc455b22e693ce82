import { link, rename, stat, unlink } from 'node:fs/promises';
import { ignore, isCode } from './directory-errors.ts';

/** Gives a whole file its name, unless that is taken (`EEXIST`); leaves nothing of the old name. */
export async function publish(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (error) {
    // File systems without hard links (FAT, some network mounts) refuse in their own ways.
    if (!isCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
    if (await stat(path).catch(ignore('ENOENT')))
      throw Object.assign(new Error('exists'), { code: 'EEXIST', syscall: 'link' });
    return rename(aside, path);
  }
  await unlink(aside);
}

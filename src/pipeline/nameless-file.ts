import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch } from './scratch.ts';

/** The path under which a program that inherited a nameless file as `descriptor3` opens it, as often as it likes. */
export const namelessPath = '/dev/fd/3';

/**
 * A file without a name, in memory where there is such a place, for a program that reads a secret from a file only: hand
 * it on as `descriptor3`. It lives as long as somebody has it open, so that nothing of it stays even after SIGKILL.
 * Node's own pipes will not do: they are sockets, which Linux does not open again.
 * @returns open; whoever calls closes it.
 * @throws {Failure} `config` when no folder can be written.
 */
export async function namelessFile(content: string): Promise<FileHandle> {
  await using scratch = await makeScratch();
  const path = join(scratch.path, 'secret');
  const file = await open(path, 'wx', 0o600);
  try {
    // Written only now, when it has no name any more.
    await unlink(path);
    await file.writeFile(content);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

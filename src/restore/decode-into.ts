import { open } from 'node:fs/promises';
import { join } from 'node:path';
import prettyBytes from 'pretty-bytes';
import { Failure } from '../errors.ts';
import type { Scratch } from '../pipeline/scratch.ts';
import type { Progress } from '../report/progress.ts';
import { followReading } from '../report/reading.ts';
import type { Archive } from './archives.ts';
import { decodeWhole } from './load.ts';

/**
 * Writes all of a custom dump, decrypted and decompressed, to a file of a scratch folder that only this user can read, and
 * returns its path. It is there only when the stored object was read to its end and is as recorded.
 * @throws {Failure} `verification` for a damaged object, `config` for a wrong key or a folder without room.
 */
export async function decodeInto(
  { path }: Scratch,
  { source, toc }: Archive,
  { name, progress }: { readonly name: string; readonly progress: Progress },
): Promise<string> {
  const { artifact, log } = source;
  const file = join(path, 'archive');
  log.info(`writing the decoded dump to ${path}`);
  using reading = followReading(progress, { name, totalBytes: artifact.bytes, log, step: 'checked' });
  await using handle = await open(file, 'wx', 0o600);
  let bytes = 0;
  await decodeWhole(source, reading, toc, async (chunk) => {
    try {
      await handle.writeFile(chunk);
    } catch (error) {
      const isFull =
        error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code));
      if (!isFull) throw error;
      throw new Failure(
        'config',
        `${source.store.describe(source.key)} is larger than the scratch folder ${path} has room for`,
        {
          hint: `It was full after ${prettyBytes(bytes)}. Nothing was done to the target. Name a larger folder, or leave --scratch out.`,
          cause: error,
          retryable: false,
        },
      );
    }
    bytes += chunk.length;
  });
  log.debug(`the decoded dump has ${String(bytes)} bytes`);
  return file;
}

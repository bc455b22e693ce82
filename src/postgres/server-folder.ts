import { chmod, mkdir, mkdtemp, rm, statfs, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import prettyBytes from 'pretty-bytes';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { whoWeAre } from '../pipeline/own-process.ts';
import { folderPrefix, heartbeatMs, ownerFile, removeLeftFolders } from './left-servers.ts';

/** Room that an empty server, its write-ahead log and sorting take, in bytes. */
const baseBytes = 200 * 1024 ** 2;
/** The longest path of a unix socket in Linux, without the zero at its end. */
const socketPathBytes = 107;

/** The folders of one scratch server. Disposing removes them and never throws. */
export interface ServerFolder extends AsyncDisposable {
  readonly path: string;
  /** Where the socket goes: beside the data, or where the path is short enough. */
  readonly socketDir: string;
}

/**
 * Makes a folder for a server under the folder for temporary files, after removing those that dead processes left.
 * @param databaseBytes what it will have to hold.
 * @throws {Failure} `dump` when it cannot be written or has no room: a drill could not run.
 */
export async function makeServerFolder(databaseBytes: number, log: Log): Promise<ServerFolder> {
  const parent = tmpdir();
  await removeLeftFolders(parent, log);
  await refuseSmall(parent, databaseBytes);
  const made: string[] = [];
  const beat = setInterval(() => {
    const now = new Date();
    for (const path of made) utimes(join(path, ownerFile), now, now).catch(() => undefined);
  }, heartbeatMs);
  beat.unref();
  const folder = {
    [Symbol.asyncDispose]: async () => {
      clearInterval(beat);
      for (const path of made) {
        await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) => {
          log.warn(`the folder ${path} of a drill stays behind: ${error instanceof Error ? error.message : ''}`);
        });
      }
    },
  };
  try {
    const path = await makeOwned(parent, made);
    return { ...folder, path, socketDir: await makeSocketDir(path, made, log) };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    if (error instanceof Failure) throw error;
    throw new Failure('dump', `could not run: no folder for a server can be made in ${parent}`, {
      hint: 'Mount a writable folder with room for the database and set TMPDIR to it.',
      cause: error,
      retryable: false,
    });
  }
}

/** A folder that the next drill knows as ours. Others may pass through it, so that the server's own user can. */
async function makeOwned(parent: string, made: string[]): Promise<string> {
  const path = await mkdtemp(join(parent, folderPrefix));
  made.push(path);
  await writeFile(join(path, ownerFile), JSON.stringify(await whoWeAre()), { mode: 0o600 });
  if (process.getuid?.() === 0) await chmod(path, 0o711);
  return path;
}

async function makeSocketDir(path: string, made: string[], log: Log): Promise<string> {
  const fits = (folder: string): boolean => Buffer.byteLength(`${folder}/s/.s.PGSQL.5432`) <= socketPathBytes;
  if (!fits(path)) {
    for (const parent of ['/tmp', '/dev/shm', '/run']) {
      await removeLeftFolders(parent, log);
      try {
        path = await makeOwned(parent, made);
        break;
      } catch {
        // Not writable: the next one may be.
      }
    }
  }
  if (!fits(path)) {
    throw new Failure('dump', `could not run: the path ${path} is too long for a unix socket`, {
      hint: 'Set TMPDIR to a folder with a shorter path.',
      retryable: false,
    });
  }
  const socketDir = join(path, 's');
  await mkdir(socketDir, { mode: 0o700 });
  return socketDir;
}

async function refuseSmall(parent: string, databaseBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(parent).catch(() => ({ bavail: Infinity, bsize: 1 }));
  const free = bavail * bsize;
  const needed = Math.ceil(databaseBytes * 1.2) + baseBytes;
  if (free >= needed) return;
  throw new Failure(
    'dump',
    `could not run: ${parent} has ${prettyBytes(free)} of room, and a server with this database needs ${prettyBytes(needed)}`,
    {
      hint: 'Mount a larger folder and set TMPDIR to it, or set DRILL_DATABASE_URL to a server that may be used for drills.',
      retryable: false,
    },
  );
}

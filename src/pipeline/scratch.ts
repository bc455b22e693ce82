import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import prettyBytes from 'pretty-bytes';
import { Failure } from '../errors.ts';
import { ownPrefix, removeLeftScratch } from './left-scratch.ts';

/** A private folder (mode 0700) for what a tool insists on reading from files. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** Room for the keys and what gpg writes beside them. */
const neededBytes = 64 * 1024;

/**
 * Makes a scratch folder, in memory-backed storage where there is one (`/dev/shm` exists even in a container with a
 * read-only root file system). Disposing removes it with all it holds, and never throws: a backup that is recorded must
 * not be called a failure for a folder that stays behind. What processes that were killed have left is removed first.
 * @param bytes how much will be written there; by default, room for keys.
 * @throws {Failure} `config` when no folder can be written, or none has room.
 */
export async function makeScratch(bytes = neededBytes): Promise<Scratch> {
  const reasons: unknown[] = [];
  const parents = new Set(['/dev/shm', tmpdir(), '/run']);
  for (const parent of parents) await removeLeftScratch(parent);
  for (const parent of parents) {
    try {
      if (bytes > neededBytes) await expectRoom(parent, bytes);
      return await makeIn(parent);
    } catch (error) {
      reasons.push(error);
    }
  }
  const cause = new AggregateError(reasons);
  if (bytes > neededBytes) {
    throw new Failure(
      'config',
      `no writable folder has room for ${prettyBytes(bytes, { binary: true })} of temporary files`,
      {
        hint: 'Mount a writable folder that has, and set TMPDIR to it.',
        cause,
      },
    );
  }
  throw new Failure('config', 'no folder for temporary key files can be written', {
    hint: 'Mount a small writable folder and set TMPDIR to it; gpg needs one for its key ring.',
    cause,
  });
}

/**
 * Makes a scratch folder in this one, for so many bytes or more. What processes that were killed have left there is removed
 * first.
 * @throws {Failure} `config` when it cannot be written or has less room.
 */
export async function makeScratchIn(parent: string, bytes: number): Promise<Scratch> {
  await removeLeftScratch(parent);
  try {
    await expectRoom(parent, bytes);
    return await makeIn(resolve(parent));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure('config', `the scratch folder ${parent} cannot be used: ${why}`, {
      hint: `Name a folder that can be written and has room for much more than ${prettyBytes(bytes)}, or leave --scratch out.`,
      cause: error,
    });
  }
}

/** Throws where a folder's file system has less than this left. */
export async function expectRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) throw new Error(`${folder} has only ${String(bavail * bsize)} bytes left`);
}

async function makeIn(parent: string): Promise<Scratch> {
  const path = await mkdtemp(join(parent, await ownPrefix()));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true }).catch(() => undefined);
  try {
    // A file system that is full still takes new folders.
    await writeFile(join(path, 'room'), Buffer.alloc(neededBytes));
    await rm(join(path, 'room'));
    return { path, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

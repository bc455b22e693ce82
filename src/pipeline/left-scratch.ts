import { createHash } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, whoWeAre } from './own-process.ts';

/** Place, process id and start of the maker, then what mkdtemp adds. */
const named = /^pg-offsite-([0-9a-f]{12})-(\d+)-(\d*)-\w{6}$/;

/** Beginning of the names of this process's scratch folders: whoever finds one can tell whether its maker is dead. */
export async function ownPrefix(): Promise<string> {
  const { place, pid, startedTicks } = await whoWeAre();
  return `pg-offsite-${shortened(place)}-${String(pid)}-${startedTicks}-`;
}

/**
 * Removes the scratch folders in a folder whose makers are dead: nobody else does so after a SIGKILL, and they may hold a
 * private key. Never touches those of living processes, of other users and of processes that we cannot see; never throws.
 */
export async function removeLeftScratch(parent: string): Promise<void> {
  const found = await readdir(parent).catch((): string[] => []);
  const candidates = found.map((name) => named.exec(name)).filter((match) => match !== null);
  if (candidates.length === 0) return;
  const place = shortened((await whoWeAre()).place);
  for (const [name, madeIn, pid, startedTicks = ''] of candidates) {
    if (madeIn !== place || (await isAlive({ pid: Number(pid), startedTicks }))) continue;
    const path = join(parent, name);
    try {
      const { uid } = await lstat(path);
      if (uid === process.getuid?.()) await rm(path, { recursive: true, force: true });
    } catch {
      // Another run has just removed it, or may.
    }
  }
}

/** Sockets of gpg's agent must find room behind it in a path of 107 bytes. */
function shortened(place: string): string {
  return createHash('sha256').update(place).digest('hex').slice(0, 12);
}

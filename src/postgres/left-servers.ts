import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { isAlive, ourPlace, processIdentity } from '../pipeline/own-process.ts';

/** Beginning of the names of all folders of scratch servers. */
export const folderPrefix = 'pg-offsite-drill-';
/** The file in such a folder that says whose it is. */
export const ownerFile = 'owner.json';
/** How often a living owner touches it, in milliseconds. */
export const heartbeatMs = 30_000;
/** An owner whom we cannot see is dead when it has not touched the file for this long. */
const silentMs = 5 * 60_000;

/**
 * Removes the folders of scratch servers whose owner is dead, and ends the servers that still run in them. Never touches
 * a living one's; never throws.
 */
export async function removeLeftFolders(parent: string, log: Log): Promise<void> {
  const names = await readdir(parent).catch((): string[] => []);
  for (const name of names.filter((candidate) => candidate.startsWith(folderPrefix))) {
    const folder = join(parent, name);
    try {
      if (!(await isLeft(folder))) continue;
      await endServersOf(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      log.info(`removed ${folder}, which a drill that was killed had left`);
    } catch (error) {
      log.debug({ folder, error: String(error) }, 'a folder of another drill cannot be removed');
    }
  }
}

async function isLeft(folder: string): Promise<boolean> {
  const { uid, mtimeMs } = await stat(folder);
  if (uid !== process.getuid?.()) return false;
  const file = join(folder, ownerFile);
  const touchedMs = await stat(file).then(
    (found) => found.mtimeMs,
    () => mtimeMs,
  );
  const isSilent = Date.now() - touchedMs > silentMs;
  const text = await readFile(file, 'utf8').catch(() => '');
  const { data } = processIdentity.safeParse(parseJson(text));
  // Without the file it is being made right now, or its maker was killed before it could say who it is.
  if (data?.place !== (await ourPlace())) return isSilent;
  return !(await isAlive(data));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The server stays if it was started without setpriv. Its own children end with it. */
async function endServersOf(folder: string): Promise<void> {
  for (const [name, waitMs] of [
    ['SIGQUIT', 5000],
    ['SIGKILL', 2000],
  ] as const) {
    const until = Date.now() + waitMs;
    const pids = await serversOf(folder);
    for (const pid of pids) process.kill(pid, name);
    while (Date.now() < until && (await serversOf(folder)).length > 0) await sleep(50);
  }
}

/** Processes of PostgreSQL's server programs that were told to work on the data in this folder. */
async function serversOf(folder: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc').catch((): string[] => [])) {
    if (!/^\d+$/.test(name)) continue;
    const [program = '', ...args] = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (['postgres', 'initdb'].includes(basename(program)) && args.includes(join(folder, 'data'))) {
      found.push(Number(name));
    }
  }
  return found;
}

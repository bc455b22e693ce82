import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import { nameForNameless } from './nameless-user.ts';
import type { ServerFolder } from './server-folder.ts';
import type { ServerPrograms } from './server-programs.ts';
import { serverSettings } from './server-settings.ts';
import type { ServerUser } from './server-user.ts';

/** The whole environment of the server programs: all that a hostile dump could find there. */
export const serverEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const usualHint =
  'It needs a writable folder with room (TMPDIR) and a user that has a name in /etc/passwd, or libnss_wrapper.';

/** What a cluster is made of. */
export interface ClusterRequest {
  readonly programs: ServerPrograms;
  readonly user: ServerUser;
  readonly folder: ServerFolder;
  readonly superuser: ConnectionConfig;
  /** The one other login that is let in. */
  readonly owner: ConnectionConfig;
  readonly signal: AbortSignal;
}

/**
 * Makes a database cluster, ready to be served, and returns the folder of its data.
 * @throws {Failure} `dump` with the words `could not run`; the signal's reason when it is aborted. initdb has ended then.
 */
export async function makeCluster(request: ClusterRequest): Promise<string> {
  const { programs, user, folder, superuser, owner, signal } = request;
  const dataDir = join(folder.path, 'data');
  const passwordFile = join(dataDir, '..', 'password');
  await mkdir(dataDir, { mode: 0o700 });
  try {
    await writeFile(passwordFile, superuser.password?.reveal() ?? '', { mode: 0o600 });
    if (user.ids)
      for (const path of [dataDir, passwordFile, folder.socketDir]) await chown(path, user.ids.uid, user.ids.gid);
    const flags = [`--username=${superuser.user}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    const form = ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
    const env = { ...serverEnvironment, ...(await nameForNameless(folder.path)) };
    const hint = user.ids
      ? 'Run by root, the server has a user of its own, who must get into the folder of TMPDIR.'
      : usualHint;
    await runInitdb(user.command(programs.initdb, ['-D', dataDir, ...flags, ...form], 'KILL'), env, hint, signal);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeFile(join(dataDir, 'postgresql.conf'), serverSettings(programs.major, folder.socketDir));
  // Passwords for all: peer would let in whoever makes the server connect to itself, as postgres_fdw does.
  await writeFile(
    join(dataDir, 'pg_hba.conf'),
    `local ${owner.database} ${owner.user} scram-sha-256\nlocal all ${superuser.user} scram-sha-256\n`,
  );
  return dataDir;
}

async function runInitdb(
  [program, args]: [string, string[]],
  env: Readonly<Record<string, string>>,
  hint: string,
  signal: AbortSignal,
): Promise<void> {
  throwIfAborted(signal);
  const child = spawn(program, args, {
    env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  signal.addEventListener('abort', end);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    throwIfAborted(signal);
    if (code === 0) return;
  } catch (error) {
    throwIfAborted(signal);
    said = error instanceof Error ? error.message : String(error);
  } finally {
    signal.removeEventListener('abort', end);
  }
  const words = said.trim().split('\n').slice(-3).join(' / ');
  throw new Failure('dump', `could not run: initdb failed: ${words === '' ? 'it said nothing' : words}`, {
    hint,
    retryable: false,
  });
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Failure } from '../errors.ts';
import { isExecutable } from '../pipeline/programs.ts';

/** Whom PostgreSQL's server programs run as, and how to start them so that they do not outlive this process. */
export interface ServerUser {
  /** Undefined: the user of this process. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** True where what is started has no network: code of a dump can then neither fetch nor send anything. */
  readonly offline: boolean;
  /** The program to start instead of this one, which then becomes this one, and its arguments. */
  command(program: string, args: readonly string[], deathSignal: 'QUIT' | 'KILL'): [string, string[]];
}

const run = promisify(execFile);

/**
 * PostgreSQL refuses to run as root: there the user `postgres`, else `nobody`, runs it. With `setpriv` of util-linux the
 * kernel sends the death signal when this process ends in whatever way; with `unshare` the server has no network.
 * @throws {Failure} `dump` where this is root and there is no way to become somebody else.
 */
export async function findServerUser(): Promise<ServerUser> {
  const ids = process.getuid?.() === 0 ? await unprivilegedIds() : undefined;
  const setpriv = await findTool('setpriv');
  if (ids && setpriv === undefined) throw cannotRunAsRoot('setpriv is not installed');
  const change = ids ? [`--reuid=${String(ids.uid)}`, `--regid=${String(ids.gid)}`, '--clear-groups'] : [];
  const withoutNetwork = await findWithoutNetwork(ids !== undefined);
  return {
    ids,
    offline: withoutNetwork.length > 0,
    command: (program, args, deathSignal) => {
      // The death signal is lost when a process enters a namespace, so this comes after it.
      const dying =
        setpriv === undefined ? [] : [setpriv, ...change, '--no-new-privs', '--pdeathsig', deathSignal, '--'];
      const [first, ...others] = [...withoutNetwork, ...dying, program];
      return [first, [...others, ...args]];
    },
  };
}

/** The command that takes the network away from what follows, where the system lets us: many containers do not. */
async function findWithoutNetwork(root: boolean): Promise<string[]> {
  const unshare = await findTool('unshare');
  if (unshare === undefined) return [];
  const command = [unshare, ...(root ? [] : ['--user', '--map-current-user']), '--net', '--'];
  return run(unshare, [...command.slice(1), unshare, '--version'], { env: {}, cwd: '/', timeout: 5000 }).then(
    () => command,
    () => [],
  );
}

async function findTool(name: string): Promise<string | undefined> {
  for (const place of [`/usr/bin/${name}`, `/bin/${name}`]) if (await isExecutable(place)) return place;
  return undefined;
}

async function unprivilegedIds(): Promise<{ uid: number; gid: number }> {
  const users = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  const [, , uid, gid] = user ?? [];
  if (uid === undefined || gid === undefined) throw cannotRunAsRoot('there is no user postgres or nobody');
  return { uid: Number(uid), gid: Number(gid) };
}

function cannotRunAsRoot(why: string): Failure {
  return new Failure('dump', `could not run: PostgreSQL does not run as root, and ${why}`, {
    hint: 'Run the drill as another user, as the image does.',
    retryable: false,
  });
}

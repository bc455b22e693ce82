import { readFile } from 'node:fs/promises';
import { Failure } from '../errors.ts';
import { isExecutable } from '../pipeline/programs.ts';

/** Whom PostgreSQL's server programs run as, and how to start them so that they do not outlive this process. */
export interface ServerUser {
  /** Undefined: the user of this process. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** The program to start instead of this one, which then becomes this one, and its arguments. */
  command(program: string, args: readonly string[], deathSignal: 'QUIT' | 'KILL'): [string, string[]];
}

const places = ['/usr/bin/setpriv', '/bin/setpriv'];

/**
 * PostgreSQL refuses to run as root: there the user `postgres`, else `nobody`, runs it. With `setpriv` of util-linux the
 * kernel sends the death signal when this process ends in whatever way.
 * @throws {Failure} `dump` where this is root and there is no way to become somebody else.
 */
export async function findServerUser(): Promise<ServerUser> {
  const ids = process.getuid?.() === 0 ? await unprivilegedIds() : undefined;
  let setpriv: string | undefined;
  for (const place of places) if (setpriv === undefined && (await isExecutable(place))) setpriv = place;
  if (setpriv === undefined) {
    if (ids) throw cannotRunAsRoot('setpriv is not installed');
    return { ids, command: (program, args) => [program, [...args]] };
  }
  const change = ids ? [`--reuid=${String(ids.uid)}`, `--regid=${String(ids.gid)}`, '--clear-groups'] : [];
  const found = setpriv;
  return {
    ids,
    command: (program, args, deathSignal) => [
      found,
      [...change, '--no-new-privs', '--pdeathsig', deathSignal, '--', program, ...args],
    ],
  };
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

import { chownSync } from 'node:fs';
import { runCommand } from './run-command.ts';

/** A command line and who owns the files it works on. */
export interface Unprivileged {
  /** The program and arguments that run this one as a user who is not root, ending it when the test process dies. */
  command(program: string, args: readonly string[]): [string, string[]];
  /** Hands a file or folder to that user. */
  own(path: string): void;
}

let ids: Promise<{ uid: number; gid: number } | undefined> | undefined;

/**
 * How to run PostgreSQL's and pgbouncer's servers, which refuse to run as root: as the `postgres` user of the Debian
 * package when the tests run as root, else as the same user. SIGINT (a fast shutdown) reaches the server when the test
 * process dies.
 */
export async function unprivileged(): Promise<Unprivileged> {
  ids ??= postgresUser();
  const user = await ids;
  const drop = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups'] : [];
  return {
    command: (program, args) => ['setpriv', [...drop, '--pdeathsig', 'INT', '--', program, ...args]],
    own: (path) => {
      if (user) chownSync(path, user.uid, user.gid);
    },
  };
}

async function postgresUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const uid = Number(await runCommand('id', ['-u', 'postgres']));
  const gid = Number(await runCommand('id', ['-g', 'postgres']));
  return { uid, gid };
}

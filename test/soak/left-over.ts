import { existsSync, readdirSync } from 'node:fs';
import type { EndedRun } from '../support/entrypoint.ts';
import { lasting, processesMarked, processesShowing } from '../support/processes.ts';

/** How long the server may take to notice that a client is gone. */
const goneWithinMs = 10_000;

/** Where a run may have left something. */
export interface Places {
  readonly run: EndedRun;
  /** Of its node. */
  readonly pid: number;
  /** In every environment and, as a text, in no argument but those of its own processes. */
  readonly marker: string;
  /** Folders that were empty before, by what they are. */
  readonly folders: Readonly<Record<string, string>>;
  /** Sessions of clients that the database server has now, without the asker's own. */
  readonly sessions: () => Promise<readonly string[]>;
  /** Unfinished uploads that the store has now. */
  readonly uploads: () => Promise<readonly string[]>;
}

/** Everything that a run has left behind, in words; empty where it should be. */
export async function leftOver({ run, pid, marker, folders, sessions, uploads }: Places): Promise<string[]> {
  const ofRun = await lasting(() => [...processesMarked(`SOAK_RUN=${marker}`), ...processesShowing(marker)]);
  const processes = new Map(ofRun.map(({ pid: one, argv }) => [one, argv.join(' ')]));
  for (const { pid: one, commandLine } of run.leftBehind) processes.set(one, commandLine);
  const scratch = new RegExp(`^pg-offsite-[0-9a-f]{12}-${pid}-`);
  const files = [
    ...Object.entries(folders).flatMap(([what, folder]) => readdirSync(folder).map((name) => `${what}: ${name}`)),
    ...['/dev/shm', '/tmp', '/run']
      .filter((folder) => existsSync(folder))
      .flatMap((folder) =>
        readdirSync(folder)
          .filter((name) => scratch.test(name))
          .map((name) => `${folder}: ${name}`),
      ),
  ];
  const sessionsLeft = await lasting(sessions, goneWithinMs);
  return [
    ...[...processes].map(([one, commandLine]) => `a process: ${one} ${commandLine}`),
    ...files.map((file) => `a file in ${file}`),
    ...sessionsLeft.map((session) => `a session of the database: ${session}`),
    ...(await uploads()).map((key) => `an unfinished upload: ${key}`),
  ];
}

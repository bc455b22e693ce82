import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors.ts';
import { isExecutable } from '../pipeline/programs.ts';

/** The programs of one installed PostgreSQL server. */
export interface ServerPrograms {
  readonly major: number;
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The newest server that is installed: what an older one has written it restores as well.
 * @param serversDir the folder that holds `<major>/bin`.
 * @param atLeast the major of the server that was dumped: an older one need not know what is in the dump.
 * @throws {Failure} `dump` when there is none: a drill could not run.
 */
export async function findServerPrograms(serversDir: string, atLeast: number): Promise<ServerPrograms> {
  const names = await readdir(serversDir).catch((): string[] => []);
  const majors = names.filter((name) => /^\d+$/.test(name)).map(Number);
  let newest: number | undefined;
  for (const major of majors.toSorted((a, b) => b - a)) {
    const initdb = join(serversDir, String(major), 'bin', 'initdb');
    const postgres = join(serversDir, String(major), 'bin', 'postgres');
    if (!(await isExecutable(initdb)) || !(await isExecutable(postgres))) continue;
    if (major >= atLeast) return { major, initdb, postgres };
    newest = Math.max(newest ?? major, major);
  }
  const wanted = String(atLeast);
  throw new Failure(
    'dump',
    newest === undefined
      ? `could not run: no PostgreSQL server programs in ${serversDir}`
      : `could not run: the backup is of PostgreSQL ${wanted}, the newest server here is ${String(newest)}`,
    {
      hint: `Install PostgreSQL ${wanted} or newer there (the image holds one), or set DRILL_DATABASE_URL to a server that may be used for drills.`,
      retryable: false,
    },
  );
}

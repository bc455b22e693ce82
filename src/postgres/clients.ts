import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '../errors.ts';

const run = promisify(execFile);

/** One installed major version of PostgreSQL's client programs. */
export interface PostgresClient {
  readonly major: number;
  /** As `pg_dump --version` tells it, such as `17.6`. */
  readonly version: string;
  /** Absolute path of its folder of programs. */
  readonly binDir: string;
}

/**
 * The client to dump a server with: of the server's own major where it is installed, else of the next newer one, never
 * of an older one, which pg_dump itself refuses.
 * @param clientsDir the folder that holds `<major>/bin`.
 * @throws {Failure} `config` naming both versions and what to do.
 */
export async function findClient(clientsDir: string, serverMajor: number): Promise<PostgresClient> {
  const majors = await installedMajors(clientsDir);
  if (majors.length === 0) {
    throw new Failure('config', `no PostgreSQL client programs in ${clientsDir}`, {
      hint: 'Set PG_CLIENTS_DIR to the folder that holds <major>/bin/pg_dump.',
    });
  }
  const major = majors.find((candidate) => candidate >= serverMajor);
  if (major === undefined) {
    throw new Failure(
      'config',
      `the server is PostgreSQL ${String(serverMajor)}, newer than every client here (${majors.join(', ')})`,
      {
        hint: `Use an image that holds the PostgreSQL ${String(serverMajor)} client: a newer pg-offsite image, or one built with --build-arg PG_MAJORS="${[...majors, serverMajor].join(' ')}".`,
      },
    );
  }
  const binDir = join(clientsDir, String(major), 'bin');
  return { major, version: await versionOf(join(binDir, 'pg_dump')), binDir };
}

/** The majors whose pg_dump is installed, oldest first. */
async function installedMajors(clientsDir: string): Promise<number[]> {
  const names = await readdir(clientsDir).catch((): string[] => []);
  const majors: number[] = [];
  for (const name of names.filter((candidate) => /^\d+$/.test(candidate))) {
    const programs = await readdir(join(clientsDir, name, 'bin')).catch((): string[] => []);
    if (programs.includes('pg_dump')) majors.push(Number(name));
  }
  return majors.sort((a, b) => a - b);
}

async function versionOf(program: string): Promise<string> {
  try {
    const { stdout } = await run(program, ['--version'], { env: { LC_ALL: 'C' }, timeout: 10_000 });
    return /\(PostgreSQL\) (\S+)/.exec(stdout)?.[1] ?? stdout.trim();
  } catch (error) {
    throw new Failure('config', `${program} does not run`, {
      hint: 'Reinstall the PostgreSQL client, or set PG_CLIENTS_DIR to another one.',
      cause: error,
    });
  }
}

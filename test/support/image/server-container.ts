import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import { runCommand } from '../run-command.ts';
import { startContainer } from './container.ts';

/** A PostgreSQL server in a container, listening on 127.0.0.1 with the trusted superuser `postgres`. */
export interface ServerContainer {
  readonly major: number;
  readonly url: string;
  /** Runs SQL as the superuser and resolves to its unaligned output; rejects at the first error. */
  psql(sql: string, database?: string): Promise<string>;
  /** What this server's pg_dump says in plain text about a database on any server that it can reach. */
  dump(url: string, flags?: readonly string[]): Promise<string>;
  /** Creates an empty database and resolves to its URL. */
  createDatabase(name: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a PostgreSQL of Debian trixie's major, whatever the machine itself has. The first time its image is built
 * (about 30 s), from the base image that {@link buildImage} leaves behind: call that first.
 */
export async function startServerContainer(): Promise<ServerContainer> {
  const major = 17;
  const image = `localhost/pg-offsite-test-postgres:${major}`;
  const folder = import.meta.dirname;
  const file = join(folder, 'postgres.Dockerfile');
  await runCommand(join(folder, 'podman.sh'), ['build', '--quiet', '--layers', '-t', image, '-f', file, folder]);
  const port = await freePort();
  const container = startContainer(image, { args: ['-c', `port=${port}`] });
  let ended: string | undefined;
  void container.ended.then(({ stderr }) => (ended = stderr));
  while (!(await listens(port))) {
    if (ended !== undefined) throw new Error(`PostgreSQL did not start in its container\n${ended}`);
    await sleep(100);
  }
  const url = (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`;
  const run = (...args: string[]) => runCommand(join(folder, 'podman.sh'), ['exec', container.name, ...args]);
  const psql = async (sql: string, database = 'postgres') =>
    (await run('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', sql, url(database))).trimEnd();
  return {
    major,
    url: url('postgres'),
    psql,
    dump: (from, flags = []) => run('pg_dump', ...flags, from),
    createDatabase: async (name) => {
      await psql(`create database ${name}`);
      return url(name);
    },
    [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

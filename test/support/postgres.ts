import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCluster, type ClusterOptions } from './cluster.ts';
import { freePort } from './ports.ts';
import { runCommand } from './run-command.ts';
import { supervise } from './supervise.ts';

/** How a throwaway server differs from the plainest one: no password, no TLS, the newest major installed. */
export interface PostgresOptions extends ClusterOptions {
  /** The folder of the server's programs; the newest installed major's when left out. */
  readonly binDir?: string;
}

/** Whom to connect as: the superuser `postgres` unless told. */
export interface Login {
  readonly user?: string;
  readonly password?: string;
}

/** A running server in a folder of its own. Stop it, or use it with `await using`. */
export interface TestPostgres {
  readonly host: string;
  readonly port: number;
  readonly socketDir: string;
  readonly dataDir: string;
  readonly binDir: string;
  readonly major: number;
  readonly pid: number;
  /** The superuser's password, when there is one. */
  readonly password: string | undefined;
  /** What `sslrootcert` needs, when the server was started with `tls`. */
  readonly caFile: string;
  /** libpq's variables for the superuser and the database `postgres`. */
  readonly env: Record<string, string>;
  /** A connection URL over TCP. */
  url(database?: string, login?: Login): string;
  /** Runs SQL with psql as the superuser and resolves to its unaligned output; rejects at the first error. */
  psql(sql: string, database?: string): Promise<string>;
  /** Creates a database, empty or filled with a file of SQL, and resolves to its URL. */
  createDatabase(name: string, sqlFile?: string): Promise<string>;
  /** The server's log so far. */
  log(): string;
  /** Ends the server (default `fast`) and removes its folder. More than one call does no harm. */
  stop(mode?: 'smart' | 'fast' | 'immediate'): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const stopSignals = { smart: 'TERM', fast: 'INT', immediate: 'QUIT' } as const;

/** The folder of the newest installed PostgreSQL major's server programs. */
export function newestBinDir(): string {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb').map((path) => path.slice(0, -'/initdb'.length));
  const newest = found.sort((a, b) => majorOf(a) - majorOf(b)).at(-1);
  if (!newest) throw new Error('no PostgreSQL server is installed; run `sh test/support/setup.sh test`');
  return newest;
}

/** Starts a real PostgreSQL server on a free port of 127.0.0.1, with its data in a temporary folder. About 1 s. */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function startOnce(options: PostgresOptions): Promise<TestPostgres> {
  const binDir = options.binDir ?? newestBinDir();
  const port = await freePort();
  const { root, dataDir, socketDir } = await createCluster(binDir, options);
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${socketDir}`];
  const server = await supervise({
    folder: root,
    program: join(binDir, 'postgres'),
    args: ['-D', dataDir, ...settings.flatMap((setting) => ['-c', setting])],
    readyLine: 'database system is ready to accept connections',
    endSignal: 'QUIT',
  });
  const pid = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  const env: Record<string, string> = {
    PGHOST: '127.0.0.1',
    PGPORT: String(port),
    PGUSER: 'postgres',
    PGDATABASE: 'postgres',
    ...(options.password === undefined ? {} : { PGPASSWORD: options.password }),
  };
  const url = (database = 'postgres', login: Login = {}) => {
    const password = login.password ?? (login.user === undefined ? options.password : undefined);
    const who = encodeURIComponent(login.user ?? 'postgres');
    const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
    return `postgresql://${who}${secret}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
  };
  const psql = (sql: string, database = 'postgres', file?: string) =>
    runCommand(
      join(binDir, 'psql'),
      ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', quoteConnection(database), ...(file ? ['-f', file] : [])],
      { env: { PATH: process.env['PATH'], PGCLIENTENCODING: 'UTF8', ...env }, input: sql },
    );
  const stop = (mode: keyof typeof stopSignals = 'fast') => server.stop(stopSignals[mode]);
  return {
    host: '127.0.0.1',
    port,
    socketDir,
    dataDir,
    binDir,
    major: majorOf(binDir),
    pid,
    password: options.password,
    caFile: join(dataDir, 'server.crt'),
    env,
    url,
    psql: async (sql, database) => (await psql(sql, database)).trimEnd(),
    createDatabase: async (name, sqlFile) => {
      await psql(`create database "${name.replaceAll('"', '""')}"`);
      if (sqlFile) await psql('', name, sqlFile);
      return url(name);
    },
    log: () => server.log(),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

function majorOf(binDir: string): number {
  return Number(/\/(\d+)\/bin$/.exec(binDir)?.[1]);
}

/** psql takes a database name with `=` in it, or one like a URL, for a connection string: this form is always one. */
function quoteConnection(database: string): string {
  return `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

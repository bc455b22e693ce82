import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionConfig } from '../config/config.ts';
import { Secret } from '../config/secret.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import { makeCluster, serverEnvironment } from './cluster.ts';
import { makeServerFolder } from './server-folder.ts';
import { findServerPrograms, type ServerPrograms } from './server-programs.ts';
import { findServerUser, type ServerUser } from './server-user.ts';

const logName = 'server.log';
/** How long the server may take from its start to its first connection. */
const readyMs = 60_000;
/** How long each way of ending it may take; the next one is ruder. */
const endings = [
  ['SIGINT', 5000],
  ['SIGQUIT', 5000],
  ['SIGKILL', 2000],
] as const;

/** A PostgreSQL server of our own. Disposing ends it, removes every trace and never throws. */
export interface ScratchServer extends AsyncDisposable {
  readonly major: number;
  /** The superuser's way in, to the database `postgres`. */
  readonly superuser: ConnectionConfig;
  /** The only other login that is let in, and only to this one database; neither role nor database exists yet. */
  readonly owner: ConnectionConfig;
  /** Set once the server has ended without being told to: with its last words. */
  died(): Failure | undefined;
}

/** What the server has to be. */
export interface ScratchServerRequest {
  readonly serversDir: string;
  /** The least major. */
  readonly atLeast: number;
  /** What it will have to hold. */
  readonly databaseBytes: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Makes a database cluster in a fresh folder and starts a server on it that is reached through a unix socket only, each
 * login with a random password: whoever gets to run commands as its user is still no superuser in it.
 * @throws {Failure} `dump` with the words `could not run`; the signal's reason when it is aborted. Nothing is left then.
 */
export async function startScratchServer(request: ScratchServerRequest): Promise<ScratchServer> {
  const { log, signal } = request;
  const programs = await findServerPrograms(request.serversDir, request.atLeast);
  const user = await findServerUser();
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await makeServerFolder(request.databaseBytes, log));
  const number = randomBytes(4).toString('hex');
  const superuser = ownConnection(folder.socketDir, `drill_superuser_${number}`, 'postgres');
  const owner = ownConnection(folder.socketDir, `drill_${number}`, 'drill');
  const cluster = await makeCluster({ programs, user, folder, superuser, owner, signal });
  const child = await startServer(programs, user, folder.path, cluster);
  undo.defer(() => endServer(child));
  const logFile = join(folder.path, logName);
  let isEnding = false;
  const died = (): Failure | undefined => {
    if (isEnding || isRunning(child)) return undefined;
    return new Failure('dump', `could not run: the scratch server ended by itself: ${lastWords(logFile)}`, {
      hint: 'Too little memory or a full disk are the usual reasons.',
    });
  };
  await untilReady(join(cluster, 'postmaster.pid'), died, signal);
  const network = user.offline
    ? 'no network'
    : 'the network of this process: this system gives nobody a network namespace';
  log.debug(`started PostgreSQL ${String(programs.major)} in ${folder.path} with ${network}`);
  const everything = undo.move();
  return {
    major: programs.major,
    superuser,
    owner,
    died,
    [Symbol.asyncDispose]: async () => {
      isEnding = true;
      await everything.disposeAsync();
    },
  };
}

function ownConnection(socketDir: string, user: string, database: string): ConnectionConfig {
  return {
    host: socketDir,
    port: 5432,
    user,
    password: new Secret(randomBytes(24).toString('base64url')),
    database,
    sslMode: 'disable',
    sslRootCert: undefined,
    sslCert: undefined,
    sslKey: undefined,
    connectTimeoutSeconds: 60,
    libpqEnvironment: {},
  };
}

/** Starts it as our own child, so that it can be waited for, and the kernel ends it with us. */
async function startServer(
  { postgres }: ServerPrograms,
  user: ServerUser,
  folder: string,
  dataDir: string,
): Promise<ChildProcess> {
  await using output = await open(join(folder, logName), 'a', 0o600);
  const [program, args] = user.command(postgres, ['-D', dataDir], 'QUIT');
  const child = spawn(program, args, {
    env: serverEnvironment,
    cwd: '/',
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
  });
  await once(child, 'spawn');
  return child;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** The server writes into its file of process ids what pg_ctl waits for, too. */
async function untilReady(pidFile: string, died: () => Failure | undefined, signal: AbortSignal): Promise<void> {
  const until = Date.now() + readyMs;
  for (;;) {
    throwIfAborted(signal);
    const failure = died();
    if (failure) throw failure;
    const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
    if (lines[7]?.trim() === 'ready') return;
    if (Date.now() > until) {
      throw new Failure('dump', 'could not run: the scratch server did not get ready in a minute', {
        hint: 'The machine or the disk of the folder of TMPDIR is very slow; try again with less beside it.',
      });
    }
    await sleep(20);
  }
}

async function endServer(child: ChildProcess): Promise<void> {
  for (const [name, waitMs] of endings) {
    if (!isRunning(child)) return;
    const exited = once(child, 'exit');
    child.kill(name);
    await Promise.race([exited, sleep(waitMs, undefined, { ref: false })]);
  }
}

/** The last lines that the server wrote, in one. */
function lastWords(logFile: string): string {
  try {
    const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5);
    return lines.map((line) => line.replace(/^\S+ \S+ UTC \[\d+\] /, '')).join(' / ') || 'it said nothing';
  } catch {
    return 'it said nothing';
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { lasting } from './processes.ts';

const root = join(import.meta.dirname, '../..');

/** How to start the program, where that differs from `./entrypoint.sh` without arguments. */
export interface EntrypointOptions {
  readonly args?: readonly string[];
  /** A program and its arguments that come before `entrypoint.sh`, such as `unshare`. */
  readonly before?: readonly string[];
  /** A module that node loads before the program. */
  readonly preload?: string;
  /** The folder of another `entrypoint.sh` than the checkout's. */
  readonly home?: string;
  /** Gets what the run writes to standard error, while it writes it. */
  readonly onStderr?: (text: string) => void;
}

/** One process of a run. */
export interface RunProcess {
  readonly pid: number;
  /** Its arguments, with a space after each. */
  readonly commandLine: string;
}

/** How a run ended. */
export interface EndedRun {
  /** The exit code, or null when a signal ended the process. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  /** What it had started and still ran when it ended. */
  readonly leftBehind: readonly RunProcess[];
}

/** A run under way. */
export interface StartedRun {
  /** Process id of node itself. */
  readonly pid: number;
  readonly ended: Promise<EndedRun>;
  /** Every process of the run there is now, node included, whoever its parent is. */
  processes(): RunProcess[];
  signal(name: NodeJS.Signals): void;
  /** Closes our end of its standard output, as a reader does that goes away. */
  closeStdout(): void;
}

/** Starts `./entrypoint.sh` with this environment and nothing else; `PATH` is the test's own unless it is set. */
export function startEntrypoint(
  env: Readonly<Record<string, string>>,
  { args = [], before = [], preload, home = root, onStderr }: EntrypointOptions = {},
): StartedRun {
  // Children inherit the working folder: a folder of its own tells which processes belong to the run, orphans too.
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-run-'));
  const [program = '', ...rest] = [...before, join(home, 'entrypoint.sh'), ...args];
  const started = performance.now();
  const child = spawn(program, rest, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      ...(preload === undefined ? {} : { NODE_OPTIONS: `--import=${preload}` }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  const [stdout, stderr] = [text(child.stdout).catch(() => ''), text(child.stderr)];
  if (onStderr) child.stderr.on('data', (chunk: Buffer) => onStderr(chunk.toString()));
  const end = async (): Promise<EndedRun> => {
    const [exitCode, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    const durationMs = performance.now() - started;
    const leftBehind = await lasting(() => processesIn(folder));
    const told = { stdout: await stdout, stderr: await stderr };
    rmSync(folder, { recursive: true, force: true });
    return { exitCode, signal, ...told, durationMs, leftBehind };
  };
  return {
    pid,
    ended: end(),
    processes: () => processesIn(folder),
    signal: (name) => void child.kill(name),
    closeStdout: () => child.stdout.destroy(),
  };
}

/** Runs `./entrypoint.sh` to its end. */
export async function runEntrypoint(
  env: Readonly<Record<string, string>>,
  options: EntrypointOptions = {},
): Promise<EndedRun> {
  return startEntrypoint(env, options).ended;
}

function processesIn(folder: string): RunProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readlinkSync(`/proc/${name}/cwd`).startsWith(folder)) return [];
        return [
          { pid: Number(name), commandLine: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') },
        ];
      } catch {
        return []; // ended just now, or is not ours to look at
      }
    });
}

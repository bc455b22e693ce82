import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Log } from '../log.ts';
import type { Ended } from './status.ts';

/** A run gives its clean-up 18 s, and this process is ended by force after 20 s itself. */
const usualStopMs = 19_000;
/** How long after its own deadline a run may still be there. */
const overdueMs = 60_000;
/** The longest delay of a timer. */
const longestTimerMs = 2 ** 31 - 1;
/** How long after its end something that it has left may hold its outputs open. */
const outputsMs = 2000;
/** The exit code of a run that could not be started: like that of a shell for a program that it cannot execute. */
const notStarted = 126;

/** A run under way. */
export interface Run {
  /** Never rejects. */
  readonly ended: Promise<Ended>;
  /** Passes a signal on; what has not ended in time is ended by force. Resolves when it has ended. */
  stop(signal: 'SIGTERM' | 'SIGINT'): Promise<void>;
}

/** How to start a backup. */
export interface RunRequest {
  /** The program and arguments that start this very program. */
  readonly self: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Another command than `backup`. */
  readonly command?: 'doctor';
  /** `BACKUP_TIMEOUT`: the run ends itself by then. */
  readonly timeoutMs: number;
  /** How long a run that was told to end gets for it, in ms; 19 s, a little more than it may take by itself. */
  readonly stopWithinMs?: number;
  /** Gets what the run writes, line by line, all of it before the run counts as ended. */
  readonly lines?: RunLines;
  readonly log: Log;
}

/** Who gets the lines of a run, without their ends. */
export interface RunLines {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** Starts `backup` as a process of its own, which writes to the same outputs where nobody else wants its lines. */
export function startBackup({
  self,
  env,
  command,
  timeoutMs,
  stopWithinMs = usualStopMs,
  lines,
  log,
}: RunRequest): Run {
  const [program = '', ...args] = self;
  // Of a group of its own: Ctrl-C in a terminal would else reach it besides what we pass on, and a second signal tells
  // a run not to clean up.
  const output = lines ? 'pipe' : 'inherit';
  const child = spawn(program, [...args, command ?? 'backup'], {
    env,
    stdio: ['ignore', output, output],
    detached: true,
  });
  const passed = [passLines(child.stdout, lines?.out), passLines(child.stderr, lines?.err)];
  const ended = end(child, log).then(async (how) => {
    const timer = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, outputsMs);
    await Promise.all(passed);
    clearTimeout(timer);
    return how;
  });
  const overdue = setTimeout(
    () => {
      log.error('the backup has not ended at its own deadline: ending it by force');
      killGroup(child);
    },
    Math.min(timeoutMs + overdueMs, longestTimerMs),
  );
  void ended.then(() => {
    clearTimeout(overdue);
  });
  return {
    ended,
    stop: async (signal) => {
      child.kill(signal);
      const timer = setTimeout(() => {
        log.error('the backup has not ended in time: ending it by force');
        killGroup(child);
      }, stopWithinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

function end(child: ChildProcess, log: Log): Promise<Ended> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      log.error(`the backup could not be started: ${error.message}`);
      resolve({ exitCode: notStarted });
    });
    child.once('exit', (code, signal) => {
      resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
}

/** Resolves when there is no more; what cannot be read any more is lost. */
async function passLines(output: Readable | null, take: ((line: string) => void) | undefined): Promise<void> {
  if (!output || !take) return;
  try {
    for await (const line of createInterface({ input: output })) take(line);
  } catch {
    // Ours was closed: see above.
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

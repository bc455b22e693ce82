import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Log } from '../log.ts';
import type { Ended } from './status.ts';

/** A run gives its clean-up 18 s, and this process is ended by force after 20 s itself. */
const usualStopMs = 19_000;
/** How long after its own deadline a run may still be there. */
const overdueMs = 60_000;
/** The longest delay of a timer. */
const longestTimerMs = 2 ** 31 - 1;
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
  /** `BACKUP_TIMEOUT`: the run ends itself by then. */
  readonly timeoutMs: number;
  /** How long a run that was told to end gets for it, in ms; 19 s, a little more than it may take by itself. */
  readonly stopWithinMs?: number;
  readonly log: Log;
}

/** Starts `backup` as a process of its own, which writes to the same outputs. */
export function startBackup({ self, env, timeoutMs, stopWithinMs = usualStopMs, log }: RunRequest): Run {
  const [program = '', ...args] = self;
  // Of a group of its own: Ctrl-C in a terminal would else reach it besides what we pass on, and a second signal tells
  // a run not to clean up.
  const child = spawn(program, [...args, 'backup'], { env, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  const ended = end(child, log);
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

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

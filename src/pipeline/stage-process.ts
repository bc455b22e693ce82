import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { followLines } from './lines.ts';
import type { Stage, StageExit } from './stage.ts';

const stderrLinesKept = 40;
const lineLengthKept = 2000;
const graceMs = 5000;
/** How long the last words on standard error may take after the exit. */
const lastWordsMs = 50;

/** A stage that was started. */
export interface RunningStage {
  /** Undefined when the system refused to start it at all. */
  readonly child: ChildProcess | undefined;
  readonly exited: Promise<StageExit>;
  readonly closed: Promise<void>;
  readonly isClosed: () => boolean;
}

/**
 * Starts one stage, reading from another one's output, from a pipe of ours, or from nothing. What spawn throws (too many arguments, a path through a file) is told like what it
 * emits.
 */
export function startStage(stage: Stage, input: Readable | 'pipe' | 'ignore'): RunningStage {
  try {
    const child = spawn(stage.program, stage.args, {
      env: stage.env,
      stdio: [input, 'pipe', 'pipe', ...third(stage)],
      detached: true,
    });
    if (child.pid !== undefined) stage.onStarted?.(child.pid);
    return follow(stage, child);
  } catch (thrown) {
    const startError = thrown instanceof Error ? thrown : new Error(String(thrown));
    const exit = { stage, code: null, signal: null, startError, stderr: [] };
    return { child: undefined, exited: Promise.resolve(exit), closed: Promise.resolve(), isClosed: () => true };
  }
}

function third({ descriptor3 }: Stage): ('pipe' | number)[] {
  if (descriptor3 === undefined) return [];
  return [typeof descriptor3 === 'string' ? 'pipe' : descriptor3.fd];
}

/** Collects a child's errors and its end; feeds descriptor 3. */
function follow(stage: Stage, child: ChildProcess): RunningStage {
  const stderr: string[] = [];
  if (child.stderr) {
    followLines(child.stderr, lineLengthKept, (line) => {
      if (stage.onStderrLine?.(line) === true) return;
      stderr.push(line);
      if (stderr.length > stderrLinesKept) stderr.shift();
    });
  }
  const extra = child.stdio[3];
  if (typeof stage.descriptor3 === 'string' && extra && 'end' in extra) {
    // A child that dies before reading it fails by itself; EPIPE here would only say the same.
    extra.on('error', () => undefined);
    extra.end(stage.descriptor3);
  }
  child.stdout?.on('error', () => undefined);
  const exited = new Promise<StageExit>((resolve) => {
    child.once('error', (startError) => {
      resolve({ stage, code: null, signal: null, startError, stderr });
    });
    child.once('exit', (code, exitSignal) => {
      const told = (): void => {
        resolve({ stage, code, signal: exitSignal, startError: undefined, stderr });
      };
      if (!child.stderr || child.stderr.readableEnded) {
        told();
        return;
      }
      // What was written to stderr right before the exit may still be on its way: one look more, after a while, for
      // where a grandchild holds it open.
      child.stderr.once('close', told);
      setTimeout(() => setImmediate(told), lastWordsMs);
    });
  });
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    const done = (): void => {
      isClosed = true;
      resolve();
    };
    child.once('close', done);
    child.once('error', () => {
      if (child.pid === undefined) done();
    });
  });
  return { child, exited, closed, isClosed: () => isClosed };
}

/** Asks a child and what it started to end, and makes them end after the grace time. */
export function endProcess(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  const timer = setTimeout(() => {
    signalGroup(pid, 'SIGKILL');
    // A grandchild that has left the group could keep these open, and us waiting, for ever.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, graceMs);
  child.once('close', () => {
    clearTimeout(timer);
    // Whom the child started and did not wait for.
    signalGroup(pid, 'SIGKILL');
  });
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has just ended by itself.
  }
}

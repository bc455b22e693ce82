import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Failure, throwIfAborted } from '../errors.ts';
import { followLines } from './lines.ts';
import type { Stage, StageExit } from './stage.ts';

const stderrLinesKept = 40;
const lineLengthKept = 2000;
const graceMs = 5000;
/** How long stages that die together get to be seen dying, before what still runs is ended. */
const settleMs = 100;
/** The same after a stage that merely lost its reader: the reader, which knows why, may take its time to exit. */
const settleReaderMs = 1000;

interface RunningStage {
  /** Undefined when the system refused to start it at all. */
  readonly child: ChildProcess | undefined;
  readonly exited: Promise<StageExit>;
  readonly closed: Promise<void>;
  readonly isClosed: () => boolean;
}

/** Programs that run, each reading what the one before it writes. */
export interface JoinedProcesses {
  /**
   * What the last program writes. **It ends only after every program has exited with 0**; otherwise iterating throws a
   * Failure that names the stage to blame, or the reason of the aborted signal, and no process is left. To be iterated
   * once.
   */
  readonly output: AsyncIterable<Buffer>;
  /** Process id of the first program, for watching its progress; undefined when it could not be started. */
  readonly firstPid: number | undefined;
  /** Ends what still runs and resolves when no process is left. Call it when done, iterated or not. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the stages joined by the kernel: each child inherits the read end of the previous one's output, so the bytes
 * between them never pass through node. Aborting the signal ends them all (SIGTERM, after 5 s SIGKILL); where it is
 * aborted already, nothing is started.
 *
 * The loop must stay in one synchronous turn: node reads a child's output only once the event loop runs, so handing it
 * on and destroying our copy before that loses no byte. The children get process groups of their own so that a Ctrl-C
 * reaches only us and the cause of the end is known.
 */
export function joinProcesses(stages: readonly Stage[], signal: AbortSignal): JoinedProcesses {
  if (stages.length === 0) throw new Error('a pipeline needs at least one stage');
  const running: RunningStage[] = [];
  let upstream: Readable | undefined;
  for (const stage of signal.aborted ? [] : stages) {
    const next = start(stage, upstream);
    upstream?.destroy();
    running.push(next);
    upstream = next.child?.stdout ?? undefined;
    if (!upstream) break;
  }
  const stdout = upstream;
  // At a child's exit node lets its output flow away unless somebody listens, and the consumer may begin only later.
  stdout?.on('readable', () => undefined);

  const ending = new AbortController();
  const end = (): void => {
    ending.abort();
  };
  ending.signal.addEventListener('abort', () => {
    signal.removeEventListener('abort', end);
    for (const { child, isClosed } of running) if (child && !isClosed()) endProcess(child);
    stdout?.destroy();
  });
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  const stop = async (): Promise<void> => {
    end();
    await Promise.all(running.map(({ closed }) => closed));
  };
  const blamed = watchFailures(running, ending);
  return { output: untilSuccess(), firstPid: running[0]?.child?.pid, stop };

  async function* untilSuccess(): AsyncGenerator<Buffer, void, undefined> {
    try {
      try {
        for await (const chunk of stdout ?? []) yield chunk as Buffer;
      } catch (error) {
        // Destroyed by us while ending; the cause is found below.
        if (!ending.signal.aborted) throw error;
      }
      await Promise.all(running.map(({ exited }) => exited));
      throwIfAborted(signal);
      const exit = blamed();
      if (exit) throw exit.stage.explain?.(exit) ?? new Failure('dump', describeExit(exit), { cause: exit.startError });
      if (ending.signal.aborted) throw new Failure('dump', 'the pipeline was stopped before its end');
    } finally {
      await stop();
    }
  }
}

/**
 * Notes the stages that die by themselves and begins the end of all when one does. Returns who explains it. A program
 * whose reader died cannot write and is the cause only where nobody else failed; one whose writer died sees the end of
 * its input, and may complain of that; so of the others the first in the pipeline is the cause.
 */
function watchFailures(running: readonly RunningStage[], ending: AbortController): () => StageExit | undefined {
  const failed: { exit: StageExit; position: number }[] = [];
  for (const [position, { exited }] of running.entries()) {
    void exited.then((exit) => {
      if (exit.code === 0 || ending.signal.aborted) return;
      failed.push({ exit, position });
      const settle = lostItsReader(exit) ? settleReaderMs : settleMs;
      const timer = setTimeout(() => {
        ending.abort();
      }, settle);
      ending.signal.addEventListener('abort', () => {
        clearTimeout(timer);
      });
    });
  }
  return () => {
    failed.sort((a, b) => a.position - b.position);
    return (failed.find(({ exit }) => !lostItsReader(exit)) ?? failed.at(-1))?.exit;
  };
}

/** Node's pipes are socket pairs: writing to one whose reader left bytes unread fails as a reset, without SIGPIPE. */
function lostItsReader({ signal, stderr }: StageExit): boolean {
  return signal === 'SIGPIPE' || stderr.some((line) => /broken pipe|connection reset by peer/i.test(line));
}

/** Starts one stage. What spawn throws (too many arguments, a path through a file) is told like what it emits. */
function start(stage: Stage, input: Readable | undefined): RunningStage {
  try {
    const child = spawn(stage.program, stage.args, {
      env: stage.env,
      stdio: [input ?? 'ignore', 'pipe', 'pipe', ...(stage.descriptor3 === undefined ? [] : ['pipe' as const])],
      detached: true,
    });
    return follow(stage, child);
  } catch (thrown) {
    const startError = thrown instanceof Error ? thrown : new Error(String(thrown));
    const exit = { stage, code: null, signal: null, startError, stderr: [] };
    return { child: undefined, exited: Promise.resolve(exit), closed: Promise.resolve(), isClosed: () => true };
  }
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
  if (stage.descriptor3 !== undefined && extra && 'end' in extra) {
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
      setTimeout(() => setImmediate(told), settleMs / 2);
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

/** One sentence on how a stage ended, with the last line it wrote to standard error. */
export function describeExit({ stage, code, signal, startError, stderr }: StageExit): string {
  const how = startError
    ? `could not be started: ${startError.message}`
    : signal
      ? `was killed by ${signal}`
      : `failed with exit code ${String(code)}`;
  const said = stderr.at(-1);
  return `${stage.name} ${how}${said === undefined ? '' : `: ${said}`}`;
}

/** Asks a child and what it started to end, and makes them end after the grace time. */
function endProcess(child: ChildProcess): void {
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

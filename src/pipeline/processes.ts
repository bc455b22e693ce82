import type { Readable } from 'node:stream';
import { Failure, throwIfAborted } from '../errors.ts';
import { inBatches } from './batches.ts';
import { feed } from './feed.ts';
import { describeExit, type Stage, type StageExit } from './stage.ts';
import { endProcess, type RunningStage, startStage } from './stage-process.ts';

/** How long stages that die together get to be seen dying, before what still runs is ended. */
const settleMs = 100;
/** The same after a stage that merely lost its reader: the reader, which knows why, may take its time to exit. */
const settleReaderMs = 1000;

/** Programs that run, each reading what the one before it writes. */
export interface JoinedProcesses {
  /**
   * What the last program writes. **It ends only after every program has exited with 0**; otherwise iterating throws a
   * Failure that names the stage to blame, or the reason of the aborted signal, and no process is left. To be iterated
   * once.
   */
  readonly output: AsyncIterable<Buffer>;
  /** The same in its place, for a stream of many GB: larger pieces, each valid only until the next is asked for. */
  readonly batches: AsyncIterable<Buffer>;
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
 * @param input what the first program reads; nothing when left out. Where it throws, that is what iterating throws, and
 * all programs are ended before they could take the missing rest for the end of their input.
 */
export function joinProcesses(
  stages: readonly Stage[],
  signal: AbortSignal,
  input?: AsyncIterable<Uint8Array>,
): JoinedProcesses {
  if (stages.length === 0) throw new Error('a pipeline needs at least one stage');
  const running: RunningStage[] = [];
  let upstream: Readable | undefined;
  for (const stage of signal.aborted ? [] : stages) {
    const next = startStage(stage, upstream ?? (input ? 'pipe' : 'ignore'));
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
  const fed = feed(running[0]?.child?.stdin, input, ending.signal);
  let inputError: { readonly thrown: unknown } | undefined;
  fed.catch((thrown: unknown) => {
    inputError = { thrown };
    end();
  });
  const batches = untilSuccess(() => (stdout ? inBatches(stdout) : []));
  return { output: untilSuccess(() => stdout ?? []), batches, firstPid: running[0]?.child?.pid, stop };

  async function* untilSuccess(pieces: () => AsyncIterable<unknown> | []): AsyncGenerator<Buffer, void, undefined> {
    try {
      try {
        for await (const piece of pieces()) yield piece as Buffer;
      } catch (error) {
        // Destroyed by us while ending; the cause is found below.
        if (!ending.signal.aborted) throw error;
      }
      await Promise.all(running.map(({ exited }) => exited));
      throwIfAborted(signal);
      if (inputError) throw inputError.thrown;
      const exit = blamed();
      if (exit) throw exit.stage.explain?.(exit) ?? new Failure('dump', describeExit(exit), { cause: exit.startError });
      if (ending.signal.aborted) throw new Failure('dump', 'the pipeline was stopped before its end');
      if (!(await fed) && stages[0]?.mayStopReading !== true)
        throw new Failure('dump', 'a program ended before it had read all of its input');
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

import type { FileHandle } from 'node:fs/promises';

/** One program of a pipeline: what to start, and what to feed it besides its standard input. */
export interface Stage {
  /** What people call it: `pg_dump`, `zstd`, `age`. */
  readonly name: string;
  /** Absolute path of the program. */
  readonly program: string;
  /** Never a secret: every process of the machine can read them. */
  readonly args: readonly string[];
  /** The whole environment of the process; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * What the process finds as its file descriptor 3: a text through a pipe that is then closed, as a passphrase, or an
   * open file, which stays the caller's to close.
   */
  readonly descriptor3?: string | FileHandle | undefined;
  /** Called with each line of standard error. Returns true for a line that is progress, not worth keeping. */
  readonly onStderrLine?: ((line: string) => boolean) | undefined;
  /** Called with the process id once it runs. */
  readonly onStarted?: ((pid: number) => void) | undefined;
  /** It may exit with 0 before it has read all of its input, as one that looks for a part. */
  readonly mayStopReading?: boolean | undefined;
  /** Turns this stage's failure into words; without it a general sentence is used. */
  readonly explain?: ((exit: StageExit) => Error) | undefined;
}

/** How a stage ended. */
export interface StageExit {
  readonly stage: Stage;
  /** Exit code, or null when a signal ended it or it never started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when the program could not be started at all. */
  readonly startError: Error | undefined;
  /** The last lines of standard error, at most 40, each cut at 2,000 characters. */
  readonly stderr: readonly string[];
}

/** Which stage ended in which way, without what it wrote: `zstd was killed by SIGKILL`. */
export function howItEnded({ stage, code, signal, startError }: StageExit): string {
  if (startError) return `${stage.name} could not be started: ${startError.message}`;
  return `${stage.name} ${signal ? `was killed by ${signal}` : `failed with exit code ${String(code)}`}`;
}

/** One sentence on how a stage ended, with the last line it wrote to standard error. */
export function describeExit(exit: StageExit): string {
  const said = exit.stderr.at(-1);
  return `${howItEnded(exit)}${said === undefined ? '' : `: ${said}`}`;
}

import type { LogOutput } from '../log.ts';

/** What the edge hands to a command. */
export interface Edge {
  /** The command's name. */
  readonly command: string;
  /** The arguments after the command's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The program and arguments that start this program once more: the name of a command comes after them. */
  readonly self: readonly string[];
  /** Aborted with a Failure when a signal arrives. */
  readonly signal: AbortSignal;
  readonly stdout: LogOutput;
  /** Everybody writes to this one: a progress bar may stand at its foot. */
  readonly stderr: LogOutput;
  /** Stands for this process in logs, pings and messages. */
  readonly runId: string;
}

/** One command. Resolves to the exit code; whatever it throws is reported by the edge. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Its name, arguments and options, as a hint and `--help` show them. */
  readonly usage: string;
  run(edge: Edge): Promise<number>;
}

import { toFailure } from '../errors.ts';
import { keepTail } from '../log-tail.ts';
import type { ToldCommand } from '../notify/event.ts';
import type { Edge } from './command.ts';
import type { Ending } from './run-event.ts';
import { Teller } from './tell.ts';

/** What a command learns that is worth telling with its end; it fills in what it knows as it goes. */
export type Notes = { -readonly [Name in Exclude<keyof Ending, 'exitCode'>]?: Ending[Name] } & {
  /** Only looked: nothing to tell, unless it failed. */
  dryRun?: boolean;
};

/** Makes of a command's work one that tells people how it ended, whether it ends with an exit code or throws. */
export function telling(
  command: ToldCommand,
  work: (edge: Edge, notes: Notes) => Promise<number>,
): (edge: Edge) => Promise<number> {
  return async (outside) => {
    const tail = keepTail(outside.stderr);
    const edge = { ...outside, stderr: tail.output };
    using teller = new Teller(command, edge, tail);
    const notes: Notes = {};
    const early = teller.tellEarly(edge.signal);
    try {
      const exitCode = await work(edge, notes);
      early[Symbol.dispose]();
      if (exitCode !== 0 || notes.dryRun !== true) await teller.end({ ...notes, exitCode });
      return exitCode;
    } catch (error) {
      early[Symbol.dispose]();
      const failure = toFailure(error);
      await teller.end({ ...notes, exitCode: failure.exitCode, failure });
      throw error;
    }
  };
}

import { Failure } from '../errors.ts';
import { joinProcesses } from './processes.ts';
import type { Stage, StageExit } from './stage.ts';

/**
 * Runs one stage on empty input and returns what it wrote, to find out before a run whether it will work.
 * @param complain turns its failure into the sentence that the user gets.
 * @throws {Failure} `config` when it does not exit with 0.
 */
export async function tryStage(
  stage: Stage,
  signal: AbortSignal,
  complain: (exit: StageExit) => { message: string; hint: string },
): Promise<string> {
  const explain = (exit: StageExit): Failure => {
    const { message, hint } = complain(exit);
    return new Failure('config', message, { hint });
  };
  const chunks: Buffer[] = [];
  for await (const chunk of joinProcesses([{ ...stage, explain }], signal).output) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

import { randomUUID } from 'node:crypto';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import type { Stage } from '../../src/pipeline/stage.ts';
import { type ProcessInfo, processesMarked } from './processes.ts';

/** Stages made of shell scripts that all bear one mark, so that what they leave behind can be found. */
export interface ShellStages {
  /** A stage that runs this script in `sh`. */
  readonly stage: (name: string, script: string, more?: Partial<Stage>) => Stage;
  /** Processes of these stages, and what they started, that still run. */
  readonly left: () => ProcessInfo[];
}

/** Makes a set of shell stages with a mark of its own. */
export function shellStages(): ShellStages {
  const mark = randomUUID();
  return {
    stage: (name, script, more = {}) => ({
      name,
      program: '/bin/sh',
      args: ['-c', script],
      env: { PATH: process.env['PATH'] ?? '', MARK: mark, LC_ALL: 'C' },
      ...more,
    }),
    left: () => processesMarked(`MARK=${mark}`),
  };
}

/** A signal that is never aborted. */
export const never = new AbortController().signal;

/** The whole output of a pipeline; rejects as iterating it does. */
export async function drain(output: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of output) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Runs a pipeline that is to fail and resolves to what iterating it rejects with. */
export async function failureOf(stages: readonly Stage[], signal = never): Promise<Error> {
  try {
    await drain(joinProcesses(stages, signal).output);
  } catch (error) {
    return error as Error;
  }
  throw new Error('the pipeline succeeded');
}

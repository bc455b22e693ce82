import type { FormConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { findProgram } from './programs.ts';
import { describeExit, type Stage } from './stage.ts';

/**
 * The stage that decompresses standard input to standard output and checks it against the checksum in its frames;
 * undefined for `none`.
 * @throws {Failure} `config` when the program is not installed.
 */
export async function decompressStage(
  compression: FormConfig['compression'],
  searchPath: string,
): Promise<Stage | undefined> {
  if (compression === 'none') return undefined;
  return {
    name: compression,
    program: await findProgram(compression, searchPath),
    args: ['-d', '-q', '-c'],
    env: { PATH: searchPath, LC_ALL: 'C' },
    explain: (exit) =>
      new Failure('verification', describeExit(exit), {
        hint: 'The stored object is damaged. Restore another backup; see list.',
        retryable: false,
      }),
  };
}

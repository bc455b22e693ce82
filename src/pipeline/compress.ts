import type { FormConfig } from '../config/config.ts';
import { findProgram } from './programs.ts';
import type { Stage } from './stage.ts';

/** What an artifact's name ends in for each compression. */
export const compressionSuffix = { zstd: '.zst', gzip: '.gz', none: '' } as const;

/**
 * The stage that compresses standard input to standard output, or undefined for `none`. Both programs write a checksum
 * of the content into their frames, so that their own decompression finds damage.
 * @throws {Failure} `config` when the program is not installed.
 */
export async function compressStage(form: FormConfig, searchPath: string): Promise<Stage | undefined> {
  if (form.compression === 'none') return undefined;
  const level = `-${String(form.compressionLevel)}`;
  const args =
    form.compression === 'zstd'
      ? ['-q', '-c', '--check', ...(form.compressionLevel > 19 ? ['--ultra'] : []), level]
      : ['-c', '-n', level];
  const program = await findProgram(form.compression, searchPath);
  return { name: form.compression, program, args, env: { PATH: searchPath, LC_ALL: 'C' } };
}

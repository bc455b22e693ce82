import type { FormConfig } from '../config/config.ts';
import { defaultZstdLevel } from '../config/form.ts';
import { findProgram } from './programs.ts';
import type { Stage } from './stage.ts';

/** What an artifact's name ends in for each compression. */
export const compressionSuffix = { zstd: '.zst', gzip: '.gz', none: '' } as const;

/** What zstd may spend. */
export interface Effort {
  readonly level: number;
  /** Workers; the same input gives the same bytes whatever their number. */
  readonly threads: number;
}

/** What the configuration asks for by itself: one worker, and where `auto` stands nothing above the default. */
export function usualEffort({ compressionLevel }: Pick<FormConfig, 'compressionLevel'>): Effort {
  return { level: compressionLevel === 'auto' ? defaultZstdLevel : compressionLevel, threads: 1 };
}

/**
 * The stage that compresses standard input to standard output, or undefined for `none`. Both programs write a checksum
 * of the content into their frames, so that their own decompression finds damage.
 * @throws {Failure} `config` when the program is not installed.
 */
export async function compressStage(form: FormConfig, searchPath: string): Promise<Stage | undefined> {
  if (form.compression === 'none') return undefined;
  const program = await findProgram(form.compression, searchPath);
  const stage = { name: form.compression, program, env: { PATH: searchPath, LC_ALL: 'C' } };
  const effort = usualEffort(form);
  return form.compression === 'zstd'
    ? withEffort({ ...stage, args: [] }, effort)
    : { ...stage, args: ['-c', '-n', `-${String(effort.level)}`] };
}

/** A stage of zstd that spends so much. Never a window above 8 MiB below level 20: `zstd -d` reads it without options. */
export function withEffort(zstd: Stage, { level, threads }: Effort): Stage {
  // Said always: where -T is left out, zstd 1.5.7 takes a quarter of the machine's cores, and memory for each.
  const workers = `-T${String(threads)}`;
  return { ...zstd, args: ['-q', '-c', '--check', ...(level > 19 ? ['--ultra'] : []), workers, `-${String(level)}`] };
}

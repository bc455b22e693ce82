import type { TocEntry } from './toc.ts';

/** An entry that was left out of a restore, and why. */
export interface LeftOut {
  readonly entry: TocEntry;
  readonly reason: string;
}

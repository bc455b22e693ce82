import { dumpsOf, type Manifest } from '../catalog/manifest.ts';
import { defaultZstdLevel } from '../config/form.ts';
import type { Effort } from '../pipeline/compress.ts';

/** Levels that are worth a step, with what each costs. Figures: bench/RESULTS.md. */
export const ladder = [
  { level: defaultZstdLevel, cpu: 1, mebibytes: 26 },
  { level: 6, cpu: 5, mebibytes: 50 },
  { level: 9, cpu: 12, mebibytes: 100 },
] as const;

/** What all zstd of a run may hold in memory together, so that the run as a whole stays below 512 MiB. */
const memoryMebibytes = 200;
/** The share of its time that a run waits for the store when the store, or the way to it, is what limits it. */
const limitedFrom = 0.5;
/** The share of a run's time that zstd may be expected to work: the data may be harder, the machine busier. */
const busyUpTo = 0.7;
/** A level has to make less of the data than a lower one by this much, or the lower one is taken. */
const smallerBy = 0.01;
/** pg_dump gives one zstd nothing that more could share. */
const mostWorkers = 4;

/** What an earlier backup tells of its level. */
export interface Trial {
  readonly level: number;
  /** Bytes in the store for each byte in the database. */
  readonly ratio: number;
  /** Whether it waited for the store. */
  readonly limited: boolean;
  /** The share of its time that zstd was at work, of 1 for each lane. */
  readonly busy: number;
}

/** What zstd is to spend, and why, in words that follow a colon. */
export interface Choice extends Effort {
  readonly why: string;
}

/** What a backup tells; undefined where nobody measured, or it has another form. */
export function trialOf(manifest: Manifest, format: 'custom' | 'plain'): Trial | undefined {
  const { effort, server } = manifest;
  const dumps = dumpsOf(manifest);
  if (!effort || effort.seconds === 0 || server.databaseBytes === 0 || dumps[0]?.format !== format) return undefined;
  return {
    level: effort.level,
    ratio: dumps.reduce((sum, { bytes }) => sum + bytes, 0) / server.databaseBytes,
    limited: effort.waitedSeconds / effort.seconds >= limitedFrom,
    busy: effort.cpuSeconds / effort.seconds,
  };
}

/**
 * How many workers one zstd gets: half of the cores, since pg_dump, age and this program need theirs, at most 4, and no more
 * than fit into memory.
 * @param side how many zstd there are side by side.
 * @param cores for each of them.
 */
export function workersFor(level: number, side: number, cores: number): number {
  const { mebibytes } = ladder.findLast((step) => step.level <= level) ?? ladder[0];
  const fit = Math.floor(memoryMebibytes / side / mebibytes);
  return Math.max(1, Math.min(Math.floor(cores / 2), mostWorkers, level > ladder[2].level ? 1 : fit));
}

/**
 * The level of the next backup by what the ones before it found. While the store is the limit it climbs the ladder by a
 * step a run, as long as zstd would keep up and the last step made the backup smaller; when the store is not, it goes
 * down by one. What was tried is not tried again as long as it is among the trials.
 *
 * zstd's own `--adapt` is no choice: it takes input that comes slowly for a reason to compress harder, so that it works all
 * the time where pg_dump is the limit, and with several workers it may stay there (facebook/zstd#2200).
 * @param trials newest first.
 * @param side how many zstd there are side by side.
 * @param cores for each of them.
 */
export function chooseLevel(trials: readonly Trial[], side: number, cores: number): Choice {
  const choice = (level: number, why: string): Choice => ({ level, threads: workersFor(level, side, cores), why });
  const [lowest, ...higher] = ladder;
  const steps = [lowest, ...higher.filter(({ mebibytes }) => mebibytes * side <= memoryMebibytes)];
  const [last] = trials;
  if (!last) return choice(lowest.level, 'no earlier backup tells what it waited for');
  const at = Math.max(
    0,
    steps.findLastIndex(({ level }) => level <= last.level),
  );
  if (!last.limited) {
    const below = steps[Math.max(0, at - 1)] ?? lowest;
    return choice(below.level, 'the last backup did not wait for the store');
  }
  const newest = (step: { level: number }) => trials.find(({ level }) => level === step.level);
  let best: (typeof steps)[number] = lowest;
  for (const step of steps.slice(1)) {
    const [found, lower] = [newest(step), newest(best)];
    if (found?.limited && (!lower || found.ratio < lower.ratio * (1 - smallerBy))) best = step;
  }
  const next = steps[steps.indexOf(best) + 1];
  if (next && !newest(next)) {
    const { threads } = choice(next.level, '');
    const busy = (last.busy * next.cpu) / (steps[at] ?? lowest).cpu;
    if (busy <= busyUpTo * threads)
      return choice(next.level, 'the last backup waited for the store, and there is processor time to spare');
  }
  return choice(best.level, 'the last backup waited for the store; a higher level would not pay, or take too long');
}

import { availableParallelism } from 'node:os';
import type { Laboratory } from './laboratory.ts';
import { describeSchedule, type Schedule, scheduleOf } from './schedule.ts';
import { trySeed, type Verdict } from './seed.ts';

/** What to try. */
export interface ChaosRequest {
  readonly seeds: Iterable<number>;
  /** Begin no seed after so many ms. */
  readonly forMs?: number;
  readonly onVerdict: (verdict: Verdict, schedule: Schedule) => void;
  /** True ends it before its time. */
  readonly enough?: () => boolean;
}

/** Seeds that are tried at once: many of them wait for most of their time. */
export const usualBenches = availableParallelism() * 2;

/** Tries seeds, one on each bench at a time, and tells what came of each. */
export async function tryChaos(laboratory: Laboratory, request: ChaosRequest): Promise<void> {
  const { forMs = Infinity, enough, onVerdict } = request;
  const began = performance.now();
  const seeds = request.seeds[Symbol.iterator]();
  await Promise.all(
    laboratory.benches.map(async (bench) => {
      while (performance.now() - began < forMs && enough?.() !== true) {
        const next = seeds.next();
        if (next.done === true) return;
        const schedule = scheduleOf(next.value);
        onVerdict(await trySeed(laboratory, bench, schedule), schedule);
      }
    }),
  );
}

/** A verdict that breaks the promise, with what is needed to look into it. */
export function describeWrong({ wrong, log, seed }: Verdict, schedule: Schedule): string {
  return [
    describeSchedule(schedule),
    ...wrong.map((what) => `  WRONG: ${what}`),
    log,
    `again: npm run chaos -- --seed ${String(seed)}`,
    '',
  ].join('\n');
}

/** The seeds from one number on. */
export function* seedsFrom(first: number, count: number): Generator<number> {
  for (let seed = first; seed < first + count; seed += 1) yield seed;
}

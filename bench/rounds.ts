import type { Contestant } from './contestants.ts';
import { measure, type Measurement } from './measure.ts';
import type { Bench } from './section.ts';

/** All rounds of one way. */
export interface Series {
  readonly id: string;
  readonly title: string;
  readonly ours: boolean;
  readonly runs: readonly Measurement[];
  /** Bytes in the store after the last run; 0 where nothing is stored. */
  readonly storedBytes: number;
}

/** What is done round each run, and not measured. */
export interface Around {
  /** Readies the place for a run. */
  readonly before?: (way: Contestant) => Promise<void>;
  /** Looks at what a run has left, and tells how many bytes are stored. `first` is true in the first round. */
  readonly after?: (way: Contestant, first: boolean) => Promise<number>;
}

/**
 * Runs the ways one after the other in each of some rounds, so that whatever disturbs the machine disturbs all of them.
 * When it is late there is no further round. A way that fails is left out from then on, and the bench ends with 1.
 */
export async function measureRounds(
  ways: readonly Contestant[],
  rounds: number,
  { before, after }: Around,
  say: (text: string) => void,
  isLate: Bench['isLate'] = () => false,
): Promise<Series[]> {
  const measured = ways.map(({ id, title, ours }) => ({ id, title, ours, runs: [] as Measurement[], storedBytes: 0 }));
  const failed = new Set<Contestant>();
  for (let round = 1; round <= rounds && (round === 1 || !isLate()); round += 1) {
    for (const [i, way] of ways.entries()) {
      const series = measured[i];
      if (!series || failed.has(way)) continue;
      try {
        await before?.(way);
        const run = await measure(way.program, way.args, way.env);
        series.storedBytes = (await after?.(way, round === 1)) ?? 0;
        series.runs.push(run);
        say(`round ${round} of ${rounds}: ${run.seconds.toFixed(1)} s ${way.title}`);
      } catch (error) {
        failed.add(way);
        process.exitCode = 1;
        say(`left out from here on: ${way.title}\n${String(error)}`);
      }
    }
  }
  return measured.filter(({ runs }) => runs.length > 0);
}

/** How the rounds were run, as the results tell it. */
export function roundsText(rounds: number): string {
  return `${rounds} round${rounds === 1 ? '' : 's'}, the ways one after the other in each`;
}

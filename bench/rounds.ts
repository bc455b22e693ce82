import type { Contestant } from './contestants.ts';
import { measure, type Measurement } from './measure.ts';
import type { Series } from './results.ts';

/** What is done round each run, and not measured. */
export interface Around {
  /** Readies the place for a run. */
  readonly before?: (way: Contestant) => Promise<void>;
  /** Clears up after a run, and tells how many bytes are stored. `first` is true in the first round. */
  readonly after: (way: Contestant, first: boolean) => Promise<number>;
}

/** Runs the ways one after the other in each of some rounds, so that whatever disturbs the machine disturbs all of them. */
export async function measureRounds(
  ways: readonly Contestant[],
  rounds: number,
  { before, after }: Around,
  say: (text: string) => void,
): Promise<Series[]> {
  const measured = ways.map(() => ({ runs: [] as Measurement[], storedBytes: 0 }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [i, way] of ways.entries()) {
      await before?.(way);
      const run = await measure(way.program, way.args, way.env);
      const storedBytes = await after(way, round === 1);
      measured[i]?.runs.push(run);
      if (measured[i]) measured[i].storedBytes = storedBytes;
      say(`round ${round} of ${rounds}: ${run.seconds.toFixed(1)} s ${way.title}`);
    }
  }
  return ways.map((way, i) => ({ ...way, runs: [], storedBytes: 0, ...measured[i] }));
}

import type { CpuUse } from './cpu-use.ts';
import type { Series } from './rounds.ts';

/** What one way has cost: the middle of its rounds, where nothing else is said. */
export interface WayFigures {
  readonly id: string;
  readonly title: string;
  readonly ours: boolean;
  readonly seconds: number;
  /** Of each round, as they came. */
  readonly rounds: readonly number[];
  /** In the store; 0 where nothing is stored. */
  readonly storedBytes: number;
  /** Of the process itself, and of it with everything that it started. */
  readonly cpuSeconds: number;
  readonly treeCpuSeconds: number;
  /** The most of all rounds. */
  readonly peakBytes: number;
  readonly treePeakBytes: number;
  readonly temporaryBytes: number;
  readonly diskBytes: number;
  /** Of the round that took the middle of the times. */
  readonly use: CpuUse;
}

/** What a section has measured. */
export interface SectionFigures {
  /** The day, in UTC. */
  readonly on: string;
  /** Without indexes. */
  readonly databaseBytes: number;
  /** Uncompressed; undefined where it was not asked for. */
  readonly dumpBytes?: number;
  readonly ways: readonly WayFigures[];
}

/** bench/figures.json: what was measured last of each section. */
export type AllFigures = Readonly<Record<'backup' | 'restore' | 'memory' | 'link', SectionFigures | undefined>>;

/** The middle of some numbers; of an even count, the higher of the two in the middle. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** How many rounds there were. */
export function roundsOf({ ways }: SectionFigures): number {
  return ways[0]?.rounds.length ?? 0;
}

/** What the rounds have come to. */
export function figuresOf(
  series: readonly Series[],
  size: Pick<SectionFigures, 'databaseBytes' | 'dumpBytes'>,
): SectionFigures {
  const ways = series.flatMap(({ id, title, ours, runs, storedBytes }): WayFigures[] => {
    const seconds = median(runs.map((run) => run.seconds));
    const middle = runs.find((run) => run.seconds === seconds);
    if (!middle) return [];
    const most = (key: 'peakBytes' | 'treePeakBytes' | 'temporaryBytes' | 'diskBytes') =>
      Math.max(...runs.map((run) => run[key]));
    return [
      {
        id,
        title,
        ours,
        seconds: rounded(seconds),
        rounds: runs.map((run) => rounded(run.seconds)),
        storedBytes,
        cpuSeconds: rounded(median(runs.map((run) => run.cpuSeconds))),
        treeCpuSeconds: rounded(median(runs.map((run) => run.treeCpuSeconds))),
        peakBytes: most('peakBytes'),
        treePeakBytes: most('treePeakBytes'),
        temporaryBytes: most('temporaryBytes'),
        diskBytes: most('diskBytes'),
        use: {
          busy: rounded(middle.use.busy),
          seconds: Object.fromEntries(
            Object.entries(middle.use.seconds)
              .map(([name, used]) => [name, rounded(used)] as const)
              .filter(([, used]) => used >= 0.05),
          ),
        },
      },
    ];
  });
  return { on: new Date().toISOString().slice(0, 10), ...size, ways };
}

function rounded(number: number): number {
  return Number(number.toFixed(2));
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { changingDatabase, makeChanging } from './changing.ts';
import { type Laboratory, sessions } from './laboratory.ts';
import type { Held } from './same-process-child.ts';
import { Series } from './series.ts';

/** Libraries load parts and fill caches in the first runs. */
const warmUp = 3;
/** What a heap may gain in a run, in MB: engines keep traces of code that they have compiled. */
const gainPerRun = 0.05;

/** How many, and by what. */
export interface SameProcessOptions {
  readonly runs: number;
  readonly signal: AbortSignal;
  /** A module that the process loads first, such as one that leaks on purpose. */
  readonly preload?: string;
  readonly onRun?: (figures: SameProcessFigures) => void;
}

/** What one process held after each of its backups. */
export interface SameProcessFigures {
  runs: number;
  readonly heapMB: Series;
  readonly externalMB: Series;
  readonly residentMB: Series;
  readonly descriptors: Series;
  readonly resources: Series;
  readonly listeners: Series;
  readonly wrong: string[];
}

/** Lets one process of node make so many backups, and looks at what piles up in it. */
export async function soakSameProcess(
  laboratory: Laboratory,
  { runs, signal, preload, onRun }: SameProcessOptions,
): Promise<SameProcessFigures> {
  const { postgres, variables, s3, bucket } = laboratory;
  await makeChanging(postgres);
  const program = join(import.meta.dirname, 'same-process-child.ts');
  const loaded = preload === undefined ? [] : [`--import=${preload}`];
  const child = spawn(process.execPath, ['--expose-gc', '--max-semi-space-size=2', ...loaded, program, String(runs)], {
    env: {
      ...variables,
      DATABASE_URL: postgres.url(changingDatabase),
      KEEP_LAST: '3',
      S3_PART_SIZE: '5MiB',
      COMPRESSION: 'none',
      VERIFY: 'download',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  child.on('error', () => undefined); // ended by the signal
  const closed = once(child, 'close') as Promise<[number | null]>;
  const said = text(child.stderr);
  const figures: SameProcessFigures = {
    runs: 0,
    heapMB: new Series(),
    externalMB: new Series(),
    residentMB: new Series(),
    descriptors: new Series(),
    resources: new Series(),
    listeners: new Series(),
    wrong: [],
  };
  for await (const line of createInterface(child.stdout)) {
    const held = JSON.parse(line) as Held;
    figures.runs += 1;
    for (const name of ['heapMB', 'externalMB', 'residentMB', 'descriptors', 'resources', 'listeners'] as const) {
      figures[name].add(held[name]);
    }
    if (held.exitCode !== 0) figures.wrong.push(`run ${figures.runs}: ${held.resultLine}`);
    onRun?.(figures);
  }
  const [exitCode] = await closed;
  if (exitCode !== 0 && !signal.aborted) {
    figures.wrong.push(`the process ended with ${String(exitCode)}: ${(await said).slice(-2000)}`);
  }
  figures.wrong.push(...pilesUp(figures));
  figures.wrong.push(...(await sessions(laboratory)).map((session) => `a session of the database is left: ${session}`));
  figures.wrong.push(...(await s3.openUploads(bucket)).map((key) => `an unfinished upload is left: ${key}`));
  return figures;
}

/** What there is more of after the last runs than after the first, but for the warm-up. */
function pilesUp(figures: SameProcessFigures): string[] {
  const after = figures.runs - warmUp;
  if (after < 2) return [];
  const counted = (['descriptors', 'resources', 'listeners'] as const).flatMap((name) => {
    const [before, now] = [figures[name].values[warmUp - 1] ?? NaN, figures[name].last];
    return now > before ? [`${name} grew from ${before} to ${now} in ${after} runs`] : [];
  });
  const weighed = (['heapMB', 'externalMB'] as const).flatMap((name) => {
    const before = figures[name].values[warmUp - 1] ?? NaN;
    const now = figures[name].lastTenth.median;
    // A run or two differ by what is loaded late.
    const allowed = before + 2 + after * gainPerRun;
    return now > allowed ? [`${name} grew from ${before.toFixed(1)} to ${now.toFixed(1)} in ${after} runs`] : [];
  });
  return [...counted, ...weighed];
}

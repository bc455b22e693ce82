import { change, changingDatabase, makeChanging } from './changing.ts';
import { type Laboratory } from './laboratory.ts';
import { restoreAndCompare, runOnce } from './one-run.ts';
import { Series } from './series.ts';

/** Backups that retention keeps. */
const keep = 3;
/** A dump, globals, SHA256SUMS, RESTORE.md and manifest.json. */
const filesPerBackup = 5;

/** How many runs, and for how long. */
export interface RunsOptions {
  readonly runs: number;
  /** A backup out of so many is restored; default 50. */
  readonly restoreEvery?: number;
  readonly signal?: AbortSignal;
  /** Variables of all runs, such as those of a program that is broken on purpose. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Is called after every run. */
  readonly onRun?: (figures: RunFigures) => void;
}

/** What was found so far. */
export interface RunFigures {
  runs: number;
  restores: number;
  seconds: number;
  /** Of node, in MB, run after run. */
  readonly memory: Series;
  readonly descriptors: Series;
  readonly durationMs: Series;
  /** In the bucket after a run. */
  readonly objects: Series;
  /** In all; each kept backup of this number was removed again but for the newest. */
  pruned: number;
  readonly wrong: string[];
}

/** The forms that backups take in turn: by how they are verified and stored. */
const forms: readonly Readonly<Record<string, string>>[] = [
  {},
  { VERIFY: 'download' },
  { COMPRESSION: 'gzip' },
  // More than one part.
  { COMPRESSION: 'none' },
  {},
  { VERIFY: 'download', COMPRESSION: 'none' },
  { FORMAT: 'plain' },
];

/** Backs up a database that changes, once after the other, and looks at what each run leaves. Ends early after ten problems. */
export async function soakRuns(laboratory: Laboratory, options: RunsOptions): Promise<RunFigures> {
  const { postgres } = laboratory;
  const { runs, restoreEvery = 50, signal, variables, onRun } = options;
  const started = performance.now();
  const figures: RunFigures = {
    runs: 0,
    restores: 0,
    seconds: 0,
    memory: new Series(),
    descriptors: new Series(),
    durationMs: new Series(),
    objects: new Series(),
    pruned: 0,
    wrong: [],
  };
  await makeChanging(postgres);
  for (let run = 1; run <= runs; run += 1) {
    if (signal?.aborted || figures.wrong.length >= 10) break;
    await change(postgres, run);
    const looked = await runOnce(laboratory, [], {
      DATABASE_URL: postgres.url(changingDatabase),
      KEEP_LAST: String(keep),
      S3_PART_SIZE: '5MiB',
      ...forms[run % forms.length],
      ...variables,
    });
    figures.runs = run;
    figures.seconds = (performance.now() - started) / 1000;
    figures.durationMs.add(looked.durationMs);
    if (looked.atExit) {
      figures.memory.add(looked.atExit.peakBytes / 1e6);
      figures.descriptors.add(looked.atExit.descriptors);
    }
    const wrong = [...looked.wrong, ...(looked.exitCode === 0 ? prunedWell(looked.stdout, run, figures) : [])];
    wrong.push(...(await keptWell(laboratory, run, figures)));
    if (run % restoreEvery === 0) {
      wrong.push(...(await restoreAndCompare(laboratory)));
      figures.restores += 1;
    }
    figures.wrong.push(...wrong.map((told) => `run ${run}: ${told}`));
    onRun?.(figures);
  }
  return figures;
}

function prunedWell(stdout: string, run: number, figures: RunFigures): string[] {
  const { pruned, warnings = [] } = JSON.parse(stdout) as {
    pruned?: { removed: number; failed: number };
    warnings?: readonly string[];
  };
  figures.pruned += pruned?.removed ?? 0;
  const expected = run > keep ? 1 : 0;
  const bad = pruned?.removed !== expected || pruned.failed !== 0;
  return [...(bad ? [`it removed ${JSON.stringify(pruned)}`] : []), ...warnings.map((text) => `it warned: ${text}`)];
}

async function keptWell({ s3, bucket }: Laboratory, run: number, figures: RunFigures): Promise<string[]> {
  const keys = (await s3.objects(bucket)).map(({ key }) => key);
  figures.objects.add(keys.length);
  const expected = Math.min(run, keep) * filesPerBackup;
  return keys.length === expected ? [] : [`the bucket holds ${keys.length} objects: ${keys.join(', ')}`];
}

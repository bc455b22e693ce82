import type { CpuUse } from './cpu-use.ts';
import type { AllFigures, SectionFigures, WayFigures } from './figures.ts';
import { megabytes, table } from './tables.ts';

interface Goal {
  readonly words: string;
  readonly measured: string;
  readonly reached: boolean;
  /** What it ends at, where it is not reached. */
  readonly limit: string;
}

/** What was to be reached, in Markdown: each goal with what was measured and, where it is missed, who was at work. */
export function goalsTable(figures: AllFigures): string {
  const goals = [
    ...backupGoals(figures.backup),
    ...restoreGoals(figures.restore),
    ...linkGoals(figures.link),
    ...memoryGoals(figures.memory),
  ];
  const rows = goals.map(({ words, measured, reached, limit }) => [
    words,
    measured,
    reached ? 'yes' : '**no**',
    reached ? '' : limit,
  ]);
  return table(['goal', 'measured', 'reached', 'the limit'], rows).replace(/\| --: .*$/m, (rest) =>
    rest.replaceAll('--:', '---'),
  );
}

function backupGoals(section: SectionFigures | undefined): Goal[] {
  const [gzip, floor] = [wayOf(section, 'gzip'), wayOf(section, 'floor')];
  const ours = ['lanes-1-age', 'lanes-2-age', 'lanes-4-age'].map((id) => wayOf(section, id));
  const best = fastest(ours);
  if (!gzip || !floor || !best) return [];
  return [
    {
      words: 'a backup, encrypted, is at least 4 times as fast as `pg_dump \\| gzip \\| aws s3 cp -`',
      measured: each(ours, (way) => (gzip.seconds / way.seconds).toFixed(2)),
      reached: gzip.seconds / best.seconds >= 4,
      limit: useText(best),
    },
    {
      words: 'and takes no more than 1.1 of `pg_dump -Fc -Z0 \\| zstd -3 > /dev/null`, which stores nothing',
      measured: each(ours, (way) => (way.seconds / floor.seconds).toFixed(2)),
      reached: best.seconds / floor.seconds <= 1.1,
      limit: useText(best),
    },
  ];
}

function restoreGoals(section: SectionFigures | undefined): Goal[] {
  const [psql, local] = [wayOf(section, 'psql'), wayOf(section, 'pg-restore-local')];
  const ours = (section?.ways ?? []).filter((way) => way.ours);
  const best = fastest(ours);
  if (!psql || !local || !best) return [];
  return [
    {
      words: 'a restore is at least 1.7 times as fast as `aws s3 cp - \\| gunzip \\| psql`',
      measured: each(ours, (way) => (psql.seconds / way.seconds).toFixed(2)),
      reached: psql.seconds / best.seconds >= 1.7,
      limit: `${useText(best)}; \`pg_restore -j2\` of the file on this machine: ${(psql.seconds / local.seconds).toFixed(2)}`,
    },
    {
      words: 'and takes no longer than `pg_restore -j2` of a file that is on this machine',
      measured: each(ours, (way) => `${(way.seconds / local.seconds).toFixed(2)} of it`),
      reached: best.seconds <= local.seconds,
      limit: `${useText(best)}; \`pg_restore\`: ${useText(local)}`,
    },
  ];
}

function linkGoals(section: SectionFigures | undefined): Goal[] {
  const scenes = {
    both: 'store and database',
    store: 'the store',
    'store-one-part': 'the store, one connection for each lane,',
  };
  return Object.entries(scenes).flatMap(([id, words]) => {
    const [one, four] = [wayOf(section, `link-${id}-lanes-1`), wayOf(section, `link-${id}-lanes-4`)];
    if (!one || !four) return [];
    const ratio = one.seconds / four.seconds;
    const why = id === 'store' ? '; one lane already uploads over four connections' : '';
    return [
      {
        words: `4 lanes are at least 3 times as fast as one where ${words} can be reached at 200 Mbit/s a connection`,
        measured: `${ratio.toFixed(2)} (${one.seconds.toFixed(1)} s, ${four.seconds.toFixed(1)} s)`,
        reached: ratio >= 3,
        limit: `4 lanes: ${useText(four)}${why}`,
      },
    ];
  });
}

function memoryGoals(section: SectionFigures | undefined): Goal[] {
  return [1, 4].flatMap((jobs) => {
    const ways = (section?.ways ?? []).filter(({ id }) => id.startsWith(`lanes-${jobs}-`));
    const [least, most] = [ways[0], ways.at(-1)];
    if (!least || !most) return [];
    return [
      {
        words: `memory does not grow with the database (${jobs} lane${jobs === 1 ? '' : 's'})`,
        measured: ways.map((way) => `${way.title.replace(/,.*/, '')}: node ${megabytes(way.peakBytes)} MB`).join(', '),
        reached: most.peakBytes <= 1.15 * least.peakBytes,
        limit: '',
      },
    ];
  });
}

function wayOf(section: SectionFigures | undefined, id: string): WayFigures | undefined {
  return section?.ways.find((way) => way.id === id);
}

function fastest(ways: readonly (WayFigures | undefined)[]): WayFigures | undefined {
  return ways.filter((way) => way !== undefined).sort((a, b) => a.seconds - b.seconds)[0];
}

function each(ways: readonly (WayFigures | undefined)[], text: (way: WayFigures) => string): string {
  const short = (title: string) => title.replace('pg-offsite, ', '').replace(', age', '');
  return ways.map((way) => way && `${short(way.title)}: ${text(way)}`).join(', ');
}

/** Who worked how long: `processors 97 % in use: PostgreSQL 6.1 s, zstd 4.5 s`. */
function useText({ use }: { readonly use: CpuUse }): string {
  const seconds = Object.entries(use.seconds)
    .sort(([, a], [, b]) => b - a)
    .filter(([, used]) => used >= 0.1)
    .map(([name, used]) => `${name} ${used.toFixed(1)} s`);
  return `processors ${(use.busy * 100).toFixed(0)} % in use: ${seconds.join(', ')}`;
}

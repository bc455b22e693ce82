import { statSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../test/support/run-command.ts';
import { compress, type Compressed, type Compressor, zstd } from '../compression.ts';
import type { Bench, Section } from '../section.ts';
import { table } from '../tables.ts';

/** A table of the database, dumped as pg-offsite dumps it. */
interface Kind {
  readonly title: string;
  readonly file: string;
  readonly bytes: number;
}

const levels = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const gzip: Compressor = { title: '`gzip -6`', program: 'gzip', args: ['-c', '-n', '-6'] };
const adapt = zstd('-T1', '--adapt=min=1,max=9');
/** Everything that is measured alone. */
const alone = [
  ...[5, 4, 3, 2, 1].map((level) => zstd('-T1', `--fast=${level}`)),
  ...levels.map((level) => zstd('-T1', `-${level}`)),
  ...[2, 6, 9].map((level) => zstd('-T2', `-${level}`)),
  zstd('-T0', '-6'),
  adapt,
  gzip,
];
/** What is measured over links. */
const overLinks = [...[1, 2, 3, 6, 9].map((level) => zstd('-T1', `-${level}`)), adapt, gzip];
const links = [50, 25, 5];
/** A pg_dump of so many MB/s, as from a server that is busy or far away. */
const slowDump = { megabytesPerSecond: 15, megabytes: 300 };

/** Levels of zstd, by data and by link: what the default and `COMPRESSION_LEVEL=auto` are chosen by. */
export const compression: Section = {
  name: 'compression',
  summary: 'levels of zstd, by kind of data and speed of the link',
  run: async (bench) => {
    const kinds = await dumpKinds(bench);
    const inMegabytes = kinds.map(({ title, bytes }) => `${title} ${(bytes / 1e6).toFixed(0)} MB`).join(', ');
    const text = `${await bench.machine()} Dumps of one table each (\`pg_dump -Fc -Z0\`): ${inMegabytes}. Sizes and processor
time (user and system, of the compressor alone) hardly depend on what else the machine does; seconds and MB/s do: the load
was ${loadavg()[0]?.toFixed(1) ?? '?'} when it began. 1000 divided by the seconds per GB is what one core does in MB/s.

${await tableAlone(bench, kinds)}

Seconds for the first ${(200 * bench.size).toFixed(0)} MB of each into a pipe that takes no more than so many MB a second, from a dump
that is faster than any compressor:

${await tableOverLinks(bench, kinds)}

Processor time where pg_dump is what limits (${slowDump.megabytes} MB of readings at ${slowDump.megabytesPerSecond} MB/s) and the link is not. \`--adapt\` takes the wait
for input for a reason to compress harder:

${await tableSlowDump(bench, kinds)}`;
    return { text };
  },
};

async function dumpKinds(bench: Bench): Promise<Kind[]> {
  const [{ url }, { binDir }] = [await bench.database(), await bench.server()];
  const kinds: Kind[] = [];
  for (const title of ['identifiers', 'documents', 'readings']) {
    const file = join(bench.folder, `${title}.dump`);
    await runCommand(join(binDir, 'pg_dump'), ['-Fc', '-Z0', '--table', title, '--file', file, '--dbname', url]);
    kinds.push({ title, file, bytes: statSync(file).size });
  }
  return kinds;
}

async function tableAlone({ say }: Bench, kinds: readonly Kind[]): Promise<string> {
  const rows: string[][] = [];
  for (const way of alone) {
    say(way.title);
    const cells: string[] = [];
    let peak = 0;
    for (const { file, bytes } of kinds) {
      const { seconds, cpuSeconds, peakBytes, bytes: stored }: Compressed = await compress(way, file, { bytes });
      const rate = bytes / 1e6 / seconds;
      cells.push(`${((stored / bytes) * 100).toFixed(1)} %`, (cpuSeconds / (bytes / 1e9)).toFixed(1), rate.toFixed(0));
      peak = Math.max(peak, peakBytes);
    }
    rows.push([way.title, ...cells, (peak / 1e6).toFixed(0)]);
  }
  const head = kinds.flatMap(({ title }) => [`${title}: stored`, 'CPU, s per GB', 'MB/s']);
  return table(['', ...head, 'memory, MB'], rows);
}

async function tableOverLinks({ say, size }: Bench, kinds: readonly Kind[]): Promise<string> {
  const rows: string[][] = [];
  for (const way of overLinks) {
    say(`${way.title} over links`);
    const cells: string[] = [];
    for (const { file, bytes } of kinds) {
      for (const link of links) {
        const limits = { bytes: Math.min(bytes, 200e6 * size), output: link * 1e6 };
        cells.push((await compress(way, file, limits)).seconds.toFixed(1));
      }
    }
    rows.push([way.title, ...cells]);
  }
  const head = kinds.flatMap(({ title }) => links.map((link, i) => `${i === 0 ? `${title}: ` : ''}${link} MB/s`));
  return table(['', ...head], rows);
}

async function tableSlowDump({ say }: Bench, kinds: readonly Kind[]): Promise<string> {
  const file = kinds.at(-1)?.file ?? '';
  const limits = { bytes: slowDump.megabytes * 1e6, input: slowDump.megabytesPerSecond * 1e6 };
  const rows: string[][] = [];
  for (const way of [zstd('-T1', '-2'), adapt, zstd('-T2', '--adapt=min=1,max=9')]) {
    say(`${way.title} behind a slow dump`);
    const { seconds, cpuSeconds, bytes } = await compress(way, file, limits);
    rows.push([way.title, seconds.toFixed(0), cpuSeconds.toFixed(1), (bytes / 1e6).toFixed(0)]);
  }
  return table(['', 'seconds', 'CPU, s', 'stored, MB'], rows);
}

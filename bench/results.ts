import { existsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../test/support/run-command.ts';
import { newestBinDir } from '../test/support/postgres.ts';
import type { Measurement } from './measure.ts';

/** All rounds of one contestant. */
export interface Series {
  readonly title: string;
  readonly ours: boolean;
  readonly runs: readonly Measurement[];
  /** Bytes in the store after one run; 0 where nothing is stored. */
  readonly storedBytes: number;
}

/** The middle of some numbers; of an even count, the higher of the two in the middle. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** One table row for each series: the first is the floor, the second what most guides teach. */
export function comparisonTable(series: readonly Series[]): string {
  const seconds = (one: Series | undefined) => median((one?.runs ?? []).map((run) => run.seconds));
  const [floor, guide] = [seconds(series[0]), seconds(series[1])];
  const rows = series.map((one) => {
    const times = one.runs.map((run) => run.seconds);
    const middle = seconds(one);
    const own = (value: (run: Measurement) => number, digits: number) =>
      one.ours ? median(one.runs.map(value)).toFixed(digits) : '';
    return [
      one.title,
      `${middle.toFixed(1)} (${Math.min(...times).toFixed(1)}–${Math.max(...times).toFixed(1)})`,
      (middle / floor).toFixed(2),
      (guide / middle).toFixed(2),
      one.storedBytes === 0 ? '' : (one.storedBytes / 1e6).toFixed(0),
      own((run) => run.cpuSeconds, 1),
      own((run) => run.peakBytes / 1e6, 0),
      (Math.max(...one.runs.map((run) => run.temporaryBytes)) / 1e6).toFixed(1),
    ];
  });
  const head = ['', 'seconds, median (range)', 'of the floor', 'faster than gzip', 'stored, MB'];
  return table([...head, "node's CPU, s", "node's peak, MB", 'temporary files, MB'], rows);
}

/** One table row for each way to restore; the first is what most guides teach. */
export function restoreTable(series: readonly Series[]): string {
  const seconds = (one: Series | undefined) => median((one?.runs ?? []).map((run) => run.seconds));
  const rows = series.map((one) => {
    const times = one.runs.map((run) => run.seconds);
    const downloads = one.runs.map((run) => Number(/^downloaded in (\d+) ms$/m.exec(run.stdout)?.[1]) / 1000);
    const own = (value: (run: Measurement) => number, digits: number) =>
      one.ours ? median(one.runs.map(value)).toFixed(digits) : '';
    return [
      one.title,
      `${seconds(one).toFixed(1)} (${Math.min(...times).toFixed(1)}–${Math.max(...times).toFixed(1)})`,
      Number.isNaN(median(downloads)) ? '' : median(downloads).toFixed(1),
      (seconds(series[0]) / seconds(one)).toFixed(2),
      own((run) => run.cpuSeconds, 1),
      own((run) => run.peakBytes / 1e6, 0),
      (Math.max(...one.runs.map((run) => run.temporaryBytes)) / 1e6).toFixed(1),
    ];
  });
  const head = ['', 'seconds, median (range)', 'of it download', 'faster than gunzip'];
  return table([...head, "node's CPU, s", "node's peak, MB", 'temporary files, MB'], rows);
}

/** The README's table: the ways with their seconds and their speed against the first of them. */
export function shortTable(series: readonly Series[]): string {
  const seconds = series.map((one) => median(one.runs.map((run) => run.seconds)));
  const rows = series.map((one, i) => [
    one.title,
    (seconds[i] ?? NaN).toFixed(1),
    ((seconds[0] ?? NaN) / (seconds[i] ?? NaN)).toFixed(1),
  ]);
  return table(['', 'seconds', 'times as fast as the first'], rows);
}

/** One table row for each size of stream. */
export function memoryTable(runs: readonly { readonly gigabytes: number; readonly run: Measurement }[]): string {
  const rows = runs.map(({ gigabytes, run }) => [
    String(gigabytes),
    run.seconds.toFixed(1),
    run.cpuSeconds.toFixed(1),
    (run.peakBytes / 1e6).toFixed(0),
    (run.temporaryBytes / 1e6).toFixed(1),
    (run.diskBytes / 1e6).toFixed(1),
  ]);
  return table(
    ['stream, GB', 'seconds', "node's CPU, s", "node's peak, MB", 'temporary files, MB', 'written to disk, MB'],
    rows,
  );
}

/** What the figures were measured with: a sentence. */
export async function machine(): Promise<string> {
  const [processor] = cpus();
  const aws = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws';
  const version = async (program: string, pattern: RegExp) =>
    pattern.exec(await runCommand(program, ['--version']))?.[0] ?? 'unknown';
  const things = [
    `${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${(totalmem() / 1e9).toFixed(0)} GB of memory`,
    `Linux ${release().split('-')[0] ?? ''}`,
    `PostgreSQL ${await version(join(newestBinDir(), 'pg_dump'), /\d+\.\d+/)}`,
    `node ${process.versions.node}`,
    `zstd ${await version('zstd', /\d+\.\d+\.\d+/)}`,
    `age ${await version('age', /\d+\.\d+\.\d+/)}`,
    `aws-cli ${await version(aws, /\d+\.\d+\.\d+/)}`,
    `Ceph ${await version('radosgw', /\d+\.\d+\.\d+/)}`,
  ];
  return `Measured on ${new Date().toISOString().slice(0, 10)} on ${things.join(', ')}.`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

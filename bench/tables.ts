import type { SectionFigures, WayFigures } from './figures.ts';

/**
 * One table row for each way.
 * @param against the ways whose seconds the others are divided into: how many times as fast each is.
 */
export function waysTable(
  { ways, dumpBytes }: SectionFigures,
  { against }: { readonly against: readonly string[] },
): string {
  const references = against.map((id) => ways.find((way) => way.id === id)).filter((way) => way !== undefined);
  const showStored = ways.some(({ storedBytes }) => storedBytes > 0);
  const perGigabyte = (seconds: number) =>
    dumpBytes === undefined ? seconds.toFixed(1) : (seconds / (dumpBytes / 1e9)).toFixed(1);
  const rows = ways.map((way) => [
    way.title,
    secondsText(way),
    ...references.map(({ seconds }) => (seconds / way.seconds).toFixed(2)),
    ...(showStored ? [way.storedBytes === 0 ? '' : megabytes(way.storedBytes)] : []),
    perGigabyte(way.treeCpuSeconds),
    way.ours ? perGigabyte(way.cpuSeconds) : '',
    megabytes(way.treePeakBytes),
    way.ours ? megabytes(way.peakBytes) : '',
    megabytes(way.temporaryBytes),
  ]);
  const cpu = dumpBytes === undefined ? 'CPU, s' : 'CPU, s per GB of dump';
  return table(
    [
      '',
      'seconds, median (range)',
      ...references.map(({ title }) => `times as fast as ${title.replace(/ \(.*|, which.*/, '')}`),
      ...(showStored ? ['stored, MB'] : []),
      cpu,
      "node's part",
      'peak of memory, MB',
      "node's part",
      'temporary files, MB',
    ],
    rows,
  );
}

/** A table of Markdown: the first column to the left, all others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

/** Bytes as whole megabytes, without the unit. */
export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

/** The middle of the times with their range. */
export function secondsText({ seconds, rounds }: WayFigures): string {
  const range = `${Math.min(...rounds).toFixed(1)}–${Math.max(...rounds).toFixed(1)}`;
  return rounds.length === 1 ? seconds.toFixed(1) : `${seconds.toFixed(1)} (${range})`;
}

import type { LargeFigures } from './large.ts';
import type { RunFigures } from './runs.ts';
import type { SameProcessFigures } from './same-process.ts';

/** What small runs have come to, in lines. */
export function describeRuns(figures: RunFigures): string {
  const { runs, restores, pruned, seconds, memory, descriptors, objects, durationMs, wrong } = figures;
  return [
    `${runs} runs in ${Math.round(seconds)} s, ${pruned} backups removed by retention, ${restores} restored and compared`,
    `  memory of node at its most, MB: ${memory.describe()}`,
    `  descriptors of node at its end: ${descriptors.describe()}`,
    `  objects in the bucket: ${objects.describe()}`,
    `  a run, ms: ${durationMs.describe()}`,
    ...wrongLines(wrong),
  ].join('\n');
}

/** What a large run has come to, in lines. */
export function describeLarge(figures: LargeFigures): string {
  const { large, samples, storedBytes, parts, seconds, peakMB, rows, wrong } = figures;
  return [
    `a database of ${megabytes(large.diskBytes)} MB on disk in ${Math.round(seconds)} s: ${megabytes(storedBytes)} MB stored in ${parts} parts`,
    ...(rows ? [`  its rows: ${megabytes(rows.bytes)} MB, SHA-256 ${rows.sha256}`] : []),
    `  memory of node, MB: ${samples.memory.describe()} (${samples.memory.values.length} samples); by the kernel ${peakMB.toFixed(0)}`,
    `  memory of node and its programs, MB: ${samples.allMemory.describe()}`,
    `  descriptors of node: ${samples.descriptors.describe()}`,
    `  programs at once: ${samples.children.describe()}`,
    ...wrongLines(wrong),
  ].join('\n');
}

/** What many runs of one process have come to, in lines. */
export function describeSameProcess(figures: SameProcessFigures): string {
  const { runs, heapMB, externalMB, residentMB, descriptors, resources, listeners, wrong } = figures;
  return [
    `${runs} backups by one process; after each of them`,
    `  heap, MB: ${heapMB.describe(1)}`,
    `  buffers, MB: ${externalMB.describe(1)}`,
    `  memory of node, MB: ${residentMB.describe()}`,
    `  descriptors: ${descriptors.describe()}`,
    `  active resources: ${resources.describe()}`,
    `  listeners: ${listeners.describe()}`,
    ...wrongLines(wrong),
  ].join('\n');
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function wrongLines(wrong: readonly string[]): string[] {
  return wrong.length === 0 ? ['  nothing is wrong'] : wrong.map((text) => `  WRONG: ${text}`);
}

import type { Comparison } from '../restore/comparison.ts';
import { describeEntry, type LeftOut } from '../restore/leave-out.ts';
import { renderTable } from './table.ts';

/** A line for each thing that was compared. */
export function describeComparison(compared: readonly Comparison[]): string {
  return renderTable(
    [{ title: 'COMPARED' }, { title: 'BACKUP', align: 'right' }, { title: 'RESTORED', align: 'right' }, { title: '' }],
    compared.map(({ what, expected, found, outcome, reason }) => [what, expected, found, inWords(outcome, reason)]),
  );
}

/** A line for each entry that was left out; nothing where none was. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return '';
  return `${renderTable(
    [{ title: 'LEFT OUT' }, { title: 'BECAUSE' }],
    leftOut.map(({ entry, reason }) => [describeEntry(entry), reason]),
  )}\n`;
}

/** How many comparisons differ, agree, and were not made. */
export function summarize(compared: readonly Comparison[]): string {
  const count = (wanted: Comparison['outcome']): number => compared.filter(({ outcome }) => outcome === wanted).length;
  const [different, left] = [count('different'), count('not compared')];
  const done = String(compared.length - left);
  const result =
    different > 0
      ? `${String(different)} of ${done} comparisons differ`
      : `${done} comparisons with the manifest, no difference`;
  return left === 0 ? result : `${result}; ${String(left)} not compared`;
}

function inWords(outcome: Comparison['outcome'], reason: string | undefined): string {
  if (outcome === 'different') return 'DIFFERENT';
  return reason === undefined ? outcome : `${outcome}: ${reason}`;
}

import type { Comparison } from '../restore/comparison.ts';
import { describeEntry, type LeftOut } from '../restore/leave-out.ts';
import { renderTable } from './table.ts';

/** A line for each thing that was compared; one for all kinds of objects of which there were none and are none. */
export function describeComparison(compared: readonly Comparison[]): string {
  const [none, some] = [compared.filter(isKindWithoutAny), compared.filter((one) => !isKindWithoutAny(one))];
  const rows = some.map(({ what, expected, found, outcome, reason }) => [
    what,
    grouped(expected),
    grouped(found),
    inWords(outcome, reason),
  ]);
  const more = none.length === 1 ? '1 other kind of object' : `${String(none.length)} other kinds of objects`;
  return renderTable(
    [{ title: 'COMPARED' }, { title: 'BACKUP', align: 'right' }, { title: 'RESTORED', align: 'right' }, { title: '' }],
    none.length === 0 ? rows : [...rows, [more, '0', '0', 'same']],
  );
}

/** Tables, sequences and extensions have a name of their own after the word; a kind is one word. */
function isKindWithoutAny({ what, expected, found, outcome }: Comparison): boolean {
  return !what.includes(' ') && expected === '0' && found === '0' && outcome === 'same';
}

/** `about 20001` as `about 20,001`, of any length; any other text as it is. */
function grouped(text: string): string {
  return /^(?:about )?-?\d+$/.test(text) ? text.replace(/\B(?=(?:\d{3})+$)/g, ',') : text;
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

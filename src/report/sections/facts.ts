import { bytes, change, count, median, moment, plural, roughly, span } from '../figures.ts';
import { html, type Markup, type Part } from '../html.ts';
import type { DatabaseModel, PageModel } from '../model.ts';
import type { GoodRun } from '../verdict.ts';

/** How the newest backup was checked before it counted as one. */
const checks = {
  head: { how: 'Compared', by: 'by size and checksum' },
  download: { how: 'Read back', by: 'and every byte compared' },
  drill: { how: 'Restored', by: 'and compared with the original' },
} as const;

/** The figures that people ask for first. */
export function factsSection(model: DatabaseModel, { now, timeZone }: PageModel): Markup | false {
  const { verdict, good, totalBytes } = model;
  const { newest, proof, freshness, usualMs } = verdict;
  if (!newest) return false;
  const { facts } = newest;
  const ago = (time: Date): string => `${roughly(now.getTime() - time.getTime())} ago`;
  const isLate = freshness?.fresh === false;
  const due = freshness?.nextDue;
  return html`<dl class="facts">
    ${fact('Newest backup', ago(newest.startedAt), moment(newest.startedAt, timeZone), isLate)}
    ${fact('Its size', bytes(facts.bytes), [growth(good, newest, now), `of a database of ${bytes(facts.databaseBytes)}`])}
    ${fact('It took', span(facts.durationMs), usually(good))}
    ${proof ? fact('Last proof', ago(proof.finishedAt), restored(proof.restoreMs)) : fact('Last proof', 'None yet', 'The command drill makes one.')}
    ${fact('Kept', plural(good.length, 'backup'), `${bytes(totalBytes)} in all`)}
    ${due ? fact('Next due', `in ${roughly(due.getTime() - now.getTime())}`, moment(due, timeZone)) : usualMs !== undefined && fact('Usually every', roughly(usualMs), 'BACKUP_SCHEDULE is not set')}
    ${facts.rows !== undefined && fact('Rows', (facts.rowsExact ? '' : 'about ') + shortCount(facts.rows), `in ${plural(facts.tableCount, 'table')}`)}
    ${fact('Checked', checks[facts.verified].how, checks[facts.verified].by)}
  </dl>`;
}

function fact(name: string, value: string, besides: string | readonly Part[], alarm = false): Markup {
  const lines = typeof besides === 'string' ? [besides] : besides.filter((part) => part !== undefined);
  return html`<div>
    <dt>${name}</dt>
    <dd class="value ${alarm && 'alarm'}">${value}</dd>
    ${lines.map((line) => html`<dd class="small">${line}</dd>`)}
  </div>`;
}

/** `+1.2% in 30 d`, against the backup that is nearest to a month ago. */
function growth(good: readonly GoodRun[], newest: GoodRun, now: Date): string | undefined {
  const wanted = now.getTime() - 30 * 86_400_000;
  const distance = ({ startedAt }: GoodRun): number => Math.abs(startedAt.getTime() - wanted);
  const [before] = good
    .filter((run) => run !== newest && run.facts.form === newest.facts.form)
    .sort((a, b) => distance(a) - distance(b));
  if (!before) return undefined;
  const fraction = newest.facts.bytes / Math.max(1, before.facts.bytes) - 1;
  return `${change(fraction)} in ${roughly(newest.startedAt.getTime() - before.startedAt.getTime())}`;
}

function usually(good: readonly GoodRun[]): string {
  const middle = good.length < 3 ? undefined : median(good.slice(-31).map(({ facts }) => facts.durationMs));
  return middle === undefined ? 'from start to end' : `usually ${span(middle)}`;
}

function restored(restoreMs: number | null): string {
  return restoreMs === null ? 'in a time not measured' : `restored in ${span(restoreMs)}`;
}

function shortCount(value: number): string {
  if (value < 100_000) return count(value);
  return value
    .toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 })
    .replace(/(\D)$/, '\u00A0$1');
}

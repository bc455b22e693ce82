import { moment } from '../figures.ts';
import { html, type Markup } from '../html.ts';
import type { PageModel } from '../model.ts';
import type { Verdict } from '../verdict.ts';
import { toneMark } from './mark.ts';

/** The first thing that is read: is everything fine, and until when may one believe it? */
export function verdictSection({ tone, sentence, databases, now, timeZone, location }: PageModel): Markup {
  const [first, ...others] = databases;
  const dues = databases.map(({ verdict }) => verdict.freshness?.nextDue).filter((due) => due !== undefined);
  const nextDue = dues.toSorted((a, b) => a.getTime() - b.getTime())[0];
  const asOf = html`As of <time datetime="${now.toISOString()}">${moment(now, timeZone)}</time> (${timeZone}).`;
  const until =
    nextDue &&
    html` The next backup is due <time datetime="${nextDue.toISOString()}">${moment(nextDue, timeZone)}</time>. If that
      is past, this page is out of date: look whether the job still runs.`;
  return html`<div class="verdict">
    ${toneMark(tone)}
    <h1>${sentence}</h1>
    <p class="soft">${asOf}${until}</p>
    ${first && others.length === 0 && problemList(first.verdict)}
    ${!first && html`<p>Nothing is stored in ${location} yet. Once the first backup is there, this page shows it.</p>`}
  </div>`;
}

/** What somebody should look at. */
export function problemList({ tone, problems }: Verdict): Markup | false {
  return (
    problems.length > 0 &&
    html`<ul class="problems ${tone}">
      ${problems.map((problem) => html`<li>${problem}</li>`)}
    </ul>`
  );
}

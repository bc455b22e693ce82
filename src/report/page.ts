import { createHash } from 'node:crypto';
import { bytes, plural, roughly } from './figures.ts';
import { html, Markup } from './html.ts';
import type { DatabaseModel, PageModel } from './model.ts';
import { backupsSection } from './sections/backups.ts';
import { calendarSection } from './sections/calendar.ts';
import { factsSection } from './sections/facts.ts';
import { toneMark, wordMark } from './sections/mark.ts';
import { proofsSection } from './sections/proofs.ts';
import { retentionSection } from './sections/retention.ts';
import { sizeSection } from './sections/size.ts';
import { tablesSection } from './sections/tables.ts';
import { problemList, verdictSection } from './sections/verdict.ts';
import { style } from './style.ts';

/** Nothing may run, nothing may be loaded; only this very style sheet counts. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'`;

/** As it stands here, to the byte: the policy names its hash. */
const sheet = new Markup(`<style>${style}</style>`);

/** So many databases are shown in full; a page of thousands would be too large for a browser. */
const mostDetailed = 100;

/** The whole page: one file without scripts that loads nothing. */
export function renderPage(page: PageModel): string {
  const { databases, location, toolVersion } = page;
  const isFleet = databases.length > 1;
  const detailed = detailedOf(databases);
  const title = `${databases.length === 1 ? (databases[0]?.database ?? '') : 'Backups'} · pg-offsite report`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${sheet}
      </head>
      <body>
        <div class="page">
          <header class="top">
            <p>Backup report</p>
            <p>${location}</p>
          </header>
          <main>
            ${verdictSection(page)} ${isFleet && fleetTable(page, detailed)}
            ${databases.map((model, index) => detailed.has(model) && databasePart(model, index, page, isFleet))}
          </main>
          <footer>
            <p>
              Made by pg-offsite ${toolVersion} from the manifests and proofs in the store. Sizes in units of 1,000;
              times in ${page.timeZone}.
            </p>
          </footer>
        </div>
      </body>
    </html> `.text;
}

function databasePart(model: DatabaseModel, index: number, page: PageModel, isFleet: boolean): Markup {
  const title =
    isFleet &&
    html`<div class="title">
      ${toneMark(model.verdict.tone)}
      <h2>${model.database} ${model.verdict.sentence}.</h2>
      ${problemList(model.verdict)}
    </div>`;
  return html`<article class="database" id="${anchor(index)}" aria-label="${model.database}">
    ${title} ${factsSection(model, page)} ${calendarSection(model)} ${sizeSection(model, page)}
    ${proofsSection(model, page)} ${retentionSection(model, page)} ${tablesSection(model, page)}
    ${backupsSection(model, page)}
  </article>`;
}

/** Those that have a part of their own: all, or of very many first those that need somebody. */
function detailedOf(databases: readonly DatabaseModel[]): ReadonlySet<DatabaseModel> {
  const urgency = ['bad', 'look', 'unknown', 'good'] as const;
  return new Set(
    databases
      .toSorted((a, b) => urgency.indexOf(a.verdict.tone) - urgency.indexOf(b.verdict.tone))
      .slice(0, mostDetailed),
  );
}

function fleetTable({ databases, now }: PageModel, detailed: ReadonlySet<DatabaseModel>): Markup {
  const states = { good: 'Fine', look: 'Worth a look', unknown: 'Not judged', bad: 'Needs attention' } as const;
  const row = (model: DatabaseModel, index: number): Markup => {
    const { database, verdict, good, totalBytes } = model;
    const name = detailed.has(model) ? html`<a href="#${anchor(index)}">${database}</a>` : database;
    return html`<tr>
      <th scope="row">${name}</th>
      <td>${wordMark(verdict.tone, states[verdict.tone])}</td>
      <td class="number">
        ${verdict.newest ? `${roughly(now.getTime() - verdict.newest.startedAt.getTime())} ago` : 'none'}
      </td>
      <td class="number roomy">${plural(good.length, 'backup')}</td>
      <td class="number roomy">${bytes(totalBytes)}</td>
    </tr>`;
  };
  return html`<nav aria-label="Databases">
    <table class="data">
      <thead>
        <tr>
          <th scope="col">Database</th>
          <th scope="col">State</th>
          <th scope="col" class="number">Newest</th>
          <th scope="col" class="number roomy">Kept</th>
          <th scope="col" class="number roomy">In all</th>
        </tr>
      </thead>
      <tbody>
        ${databases.map(row)}
      </tbody>
    </table>
  </nav>`;
}

function anchor(index: number): string {
  return `database-${index + 1}`;
}

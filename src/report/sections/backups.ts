import { bytes, count, moment, plural, span } from '../figures.ts';
import type { Run } from '../history.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel, PageModel } from '../model.ts';
import { wordMark } from './mark.ts';

/** More rows than that nobody reads; `list` has them all. */
const shownRuns = 250;

/** Every backup, and what went wrong last. */
export function backupsSection({ runs, history, database }: DatabaseModel, page: PageModel): Markup | false {
  const { unfinished, lastFailure } = history;
  if (runs.length === 0 && unfinished.length === 0 && !lastFailure) return false;
  const cut = runs.length - shownRuns;
  const isListOnly = unfinished.length === 0 && !lastFailure;
  return html`<section class="block long ${isListOnly && 'list'}">
    <div class="head"><h2>All backups</h2></div>
    ${
      lastFailure &&
      html`<div class="shares">
        <h3>The last failed run</h3>
        <p>
          ${moment(lastFailure.at, page.timeZone)}: ${lastFailure.message}
          <span class="soft">(exit code ${lastFailure.exitCode})</span>
        </p>
      </div>`
    }
    ${unfinished.length > 0 && html`<p class="soft">${plural(unfinished.length, 'folder')} without a manifest: ${unfinished.length === 1 ? 'a run' : 'runs'} still going, or ended by force. No backup; the newest of ${moment(unfinished.at(-1) ?? page.now, page.timeZone)}.</p>`}
    ${
      runs.length > 0 &&
      html`<details>
        <summary>
          ${cut > 0 ? `The newest ${shownRuns} of ${count(runs.length)}` : `Show ${runs.length === 1 ? 'it' : `all ${count(runs.length)}`}`}
        </summary>
        <div class="scroll" role="region" aria-label="All backups of ${database}" tabindex="0">
          <table class="data">
            <thead>
              <tr>
                <th scope="col">Started</th>
                <th scope="col" class="number">Size</th>
                <th scope="col" class="number">Took</th>
                <th scope="col" class="number roomy">Rows</th>
                <th scope="col">State</th>
                <th scope="col" class="roomy">Id</th>
              </tr>
            </thead>
            <tbody>
              ${runs
                .slice(-shownRuns)
                .toReversed()
                .map((run) => runRow(run, page))}
            </tbody>
          </table>
        </div>
      </details>`
    }
  </section>`;
}

function runRow(run: Run, { timeZone }: PageModel): Markup {
  const { facts } = run;
  return html`<tr>
    <th scope="row">${moment(run.startedAt, timeZone)}</th>
    <td class="number">${facts && bytes(facts.bytes)}</td>
    <td class="number">${facts && span(facts.durationMs)}</td>
    <td class="number roomy">${facts?.rows !== undefined && count(facts.rows)}</td>
    <td>${stateOf(run)}</td>
    <td class="roomy small soft">${run.id}</td>
  </tr>`;
}

function stateOf({ damage, candidate, drills, facts }: Run): Markup {
  if (damage !== undefined) return html`${wordMark('bad', 'Damaged')}<br /><span class="small soft">${damage}</span>`;
  if (drills.findLast(({ outcome }) => outcome !== 'could not run')?.outcome === 'failed')
    return wordMark('bad', 'Drill failed');
  if (candidate?.proved === true) return wordMark('good', 'Proved');
  return html`${facts?.verified === 'download' ? 'Read back' : 'Compared'}`;
}

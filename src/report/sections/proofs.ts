import * as Plot from '@observablehq/plot';
import { chart, onAxis } from '../chart.ts';
import { count, median, moment, span } from '../figures.ts';
import type { Drill } from '../history.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel, PageModel } from '../model.ts';
import { thin, unitOf } from '../series.ts';
import { wordMark } from './mark.ts';

const shownDrills = 6;

const marks = {
  passed: wordMark('good', 'Passed'),
  failed: wordMark('bad', 'Failed'),
  'could not run': wordMark('look', 'Could not run'),
} as const;

/** Proofs, and how long a restore really takes. */
export function proofsSection({ drills, good }: DatabaseModel, page: PageModel): Markup | false {
  if (good.length === 0) return false;
  if (drills.length === 0) {
    return html`<section class="block">
      <div class="head">
        <h2>Proved by a restore</h2>
        <p class="soft">
          Not yet. The command drill restores a backup into a scratch server, compares it with what was recorded, and
          tells how long a restore takes.
        </p>
      </div>
    </section>`;
  }
  const timed = drills.filter((drill): drill is Timed => drill.outcome === 'passed' && drill.restoreMs !== null);
  return html`<section class="block">
    <div class="head">
      <h2>Proved by a restore</h2>
      <p class="soft">${summary(drills, timed)}</p>
    </div>
    <div class="pair">${timed.length > 1 && restoreTimes(timed, page)}${drillTable(drills, page)}</div>
  </section>`;
}

type Timed = Drill & { readonly restoreMs: number };

function summary(drills: readonly Drill[], timed: readonly Timed[]): string {
  const passed = drills.filter(({ outcome }) => outcome === 'passed').length;
  const times = timed.map(({ restoreMs }) => restoreMs);
  const took =
    times.length === 0
      ? ''
      : ` A restore takes ${span(median(times.slice(-5)) ?? 0)}; the slowest took ${span(Math.max(...times))}.`;
  return `${count(passed)} of ${count(drills.length)} ${drills.length === 1 ? 'drill' : 'drills'} passed.${took}`;
}

function restoreTimes(timed: readonly Timed[], { timeZone }: PageModel): Markup {
  const longest = Math.max(...timed.map(({ restoreMs }) => restoreMs));
  const unit = unitOf(longest);
  const { points } = thin(
    timed.map(({ finishedAt, restoreMs }) => ({ at: onAxis(finishedAt, timeZone), value: restoreMs / unit.ms })),
  );
  const isDense = points.length > 60;
  const drawn = chart({
    label: `Measured restore times: the last ${span(timed.at(-1)?.restoreMs ?? 0)}, the slowest ${span(longest)}. The newest are in the table that follows.`,
    domain: [0, longest / unit.ms],
    tickFormat: (value) => `${value}\u00A0${unit.name}`,
    marks: [
      ...(isDense
        ? []
        : [Plot.ruleX(points, { x: 'at', y: 'value', stroke: 'var(--series)', strokeWidth: 2, strokeOpacity: 0.3 })]),
      Plot.dot(points, { x: 'at', y: 'value', fill: 'var(--series)', r: isDense ? 2 : 4 }),
    ],
  });
  return html`<figure>
    <figcaption>
      <strong>Time to restore</strong>
      <span class="small soft">measured, from the first byte to the last object</span>
    </figcaption>
    ${drawn}
  </figure>`;
}

function drillTable(drills: readonly Drill[], { timeZone }: PageModel): Markup {
  const row = ({ finishedAt, outcome, restoreMs, reason }: Drill): Markup =>
    html`<tr>
      <th scope="row">${moment(finishedAt, timeZone)}</th>
      <td>${marks[outcome]}${reason !== undefined && html`<br /><span class="small soft">${reason}</span>`}</td>
      <td class="number">${restoreMs === null ? 'not measured' : span(restoreMs)}</td>
    </tr>`;
  return html`<table class="data">
    <caption>
      <strong>Drills</strong
      ><span class="small soft">${drills.length > shownDrills ? `the last ${shownDrills}, ` : ''}newest first</span>
    </caption>
    <thead>
      <tr>
        <th scope="col">Drill</th>
        <th scope="col">Outcome</th>
        <th scope="col" class="number">Restored in</th>
      </tr>
    </thead>
    <tbody>
      ${drills.slice(-shownDrills).toReversed().map(row)}
    </tbody>
  </table>`;
}

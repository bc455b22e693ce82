import * as Plot from '@observablehq/plot';
import { chart, onAxis } from '../chart.ts';
import { bytes, day, median, moment, plural, span } from '../figures.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel, PageModel } from '../model.ts';
import { thin, trend, unitOf } from '../series.ts';
import type { GoodRun } from '../verdict.ts';

/** From so many backups on the table has a row a month. */
const mostRows = 62;

/** Size and duration over time. */
export function sizeSection({ good }: DatabaseModel, page: PageModel): Markup | false {
  const [first, last] = [good[0], good.at(-1)];
  if (!first || !last || first === last) return false;
  const [from, to] = [day(first.startedAt, page.timeZone), day(last.startedAt, page.timeZone)];
  return html`<section class="block">
    <div class="head">
      <h2>Size and time</h2>
      <p class="soft">${plural(good.length, 'backup')} from ${from} to ${to}.</p>
    </div>
    <div class="pair">${sizes(good, page)}${durations(good, page)}</div>
    ${asTable(good, page)}
  </section>`;
}

function sizes(good: readonly GoodRun[], { timeZone }: PageModel): Markup {
  const values = good.map(({ facts }) => facts.bytes);
  const { points } = thin(
    good.map(({ startedAt, facts }) => ({ at: onAxis(startedAt, timeZone), value: facts.bytes })),
  );
  const [first, last, low, high] = [values[0] ?? 0, values.at(-1) ?? 0, Math.min(...values), Math.max(...values)];
  const drawn = chart({
    label: `Stored size: first ${bytes(first)}, now ${bytes(last)}; smallest ${bytes(low)}, largest ${bytes(high)}.`,
    domain: [0, high],
    tickFormat: bytes,
    marks: [
      Plot.areaY(points, { x: 'at', y: 'value', fill: 'var(--wash)', curve: 'monotone-x' }),
      Plot.lineY(points, { x: 'at', y: 'value', stroke: 'var(--series)', strokeWidth: 2, curve: 'monotone-x' }),
      Plot.dot(points.slice(-1), { x: 'at', y: 'value', fill: 'var(--series)', r: 4 }),
    ],
  });
  return figure('Stored size', 'compressed and encrypted, as it lies in the store', drawn);
}

function durations(good: readonly GoodRun[], { timeZone }: PageModel): Markup {
  const times = good.map(({ facts }) => facts.durationMs);
  const longest = Math.max(...times);
  const unit = unitOf(longest);
  const all = good.map(({ startedAt, facts }) => ({
    at: onAxis(startedAt, timeZone),
    value: facts.durationMs / unit.ms,
  }));
  const { points, of } = thin(all);
  const isDense = points.length > 100;
  const drawn = chart({
    label: `How long backups took: usually ${span(median(times) ?? 0)}, at most ${span(longest)}.`,
    domain: [0, longest / unit.ms],
    tickFormat: (value) => `${value}\u00A0${unit.name}`,
    marks: [
      Plot.dot(points, {
        x: 'at',
        y: 'value',
        fill: 'var(--second)',
        fillOpacity: isDense ? 0.4 : 0.55,
        r: isDense ? 1.7 : 2.8,
      }),
      Plot.lineY(thin(trend(all)).points, {
        x: 'at',
        y: 'value',
        stroke: 'var(--second)',
        strokeWidth: 2,
        curve: 'basis',
      }),
    ],
  });
  const dots = of === 1 ? 'each dot a backup' : `each dot the slowest of ${of} backups`;
  return figure('Time taken', `${dots}, the line what is usual`, drawn);
}

function figure(title: string, words: string, drawn: Markup): Markup {
  return html`<figure>
    <figcaption><strong>${title}</strong><span class="small soft">${words}</span></figcaption>
    ${drawn}
  </figure>`;
}

function asTable(good: readonly GoodRun[], { timeZone }: PageModel): Markup {
  const isByMonth = good.length > mostRows;
  const months = Map.groupBy(good, ({ startedAt }) => onAxis(startedAt, timeZone).toISOString().slice(0, 7));
  const rows = isByMonth ? [...months] : good.map((run) => [moment(run.startedAt, timeZone), [run]] as const);
  const row = ([when, those]: readonly [string, readonly GoodRun[]]): Markup => {
    const size = median(those.map(({ facts }) => facts.bytes)) ?? 0;
    const took = median(those.map(({ facts }) => facts.durationMs)) ?? 0;
    return html`<tr>
      <th scope="row">${when}</th>
      <td class="number">${bytes(size)}</td>
      <td class="number">${span(took)}</td>
    </tr>`;
  };
  return html`<details>
    <summary>The same as a table</summary>
    <table class="data narrow-table">
      <caption class="hidden">
        Size and time of backups, newest first${isByMonth && '; the middle of each month'}
      </caption>
      <thead>
        <tr>
          <th scope="col">${isByMonth ? 'Month (its middle)' : 'Backup'}</th>
          <th scope="col" class="number">Size</th>
          <th scope="col" class="number">Took</th>
        </tr>
      </thead>
      <tbody>
        ${rows.toReversed().map(row)}
      </tbody>
    </table>
  </details>`;
}

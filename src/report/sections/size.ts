import * as Plot from '@observablehq/plot';
import { chart, onAxis } from '../chart.ts';
import { bytes, day, median, moment, plural, span } from '../figures.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel, PageModel } from '../model.ts';
import type { GoodRun } from '../verdict.ts';

/** From so many backups on the table has a row a month. */
const mostRows = 62;
/** The line through durations is the middle of so many runs. */
const smoothed = 7;

interface Point {
  readonly at: Date;
  readonly value: number;
}

/** Size and duration over time. */
export function sizeSection({ good }: DatabaseModel, page: PageModel): Markup | false {
  const [first, last] = [good[0], good.at(-1)];
  if (!first || !last || first === last) return false;
  return html`<section class="block">
    <div class="head">
      <h2>Size and time</h2>
      <p class="soft">
        ${plural(good.length, 'backup')} from ${day(first.startedAt, page.timeZone)} to
        ${day(last.startedAt, page.timeZone)}.
      </p>
    </div>
    <div class="pair">${sizes(good, page)}${durations(good, page)}</div>
    ${asTable(good, page)}
  </section>`;
}

function sizes(good: readonly GoodRun[], { timeZone }: PageModel): Markup {
  const points = good.map(({ startedAt, facts }): Point => ({ at: onAxis(startedAt, timeZone), value: facts.bytes }));
  const [low, high] = extent(points);
  const drawn = chart({
    label: `Stored size over time: from ${bytes(points[0]?.value ?? 0)} to ${bytes(points.at(-1)?.value ?? 0)}; smallest ${bytes(low)}, largest ${bytes(high)}.`,
    height: 220,
    y: { domain: [0, high * 1.08], tickFormat: (value: number) => bytes(value) },
    marginLeft: 66,
    marks: [
      Plot.areaY(points, { x: 'at', y: 'value', fill: 'var(--wash)' }),
      Plot.lineY(points, { x: 'at', y: 'value', stroke: 'var(--series)', strokeWidth: 1.75 }),
      Plot.dot(points.slice(-1), { x: 'at', y: 'value', fill: 'var(--series)', r: 3.5 }),
    ],
  });
  return html`<figure>
    <figcaption>
      <strong>Stored size</strong><span class="small soft">compressed and encrypted, as it lies in the store</span>
    </figcaption>
    ${drawn}
  </figure>`;
}

function durations(good: readonly GoodRun[], { timeZone }: PageModel): Markup {
  const longest = Math.max(...good.map(({ facts }) => facts.durationMs));
  const unit = unitOf(longest);
  const points = good.map(({ startedAt, facts }): Point => ({
    at: onAxis(startedAt, timeZone),
    value: facts.durationMs / unit.ms,
  }));
  const line = points.map(({ at }, index): Point => {
    const around = points.slice(Math.max(0, index - smoothed + 1), index + 1).map(({ value }) => value);
    return { at, value: median(around) ?? 0 };
  });
  const many = points.length > 120;
  const drawn = chart({
    label: `How long backups took: usually ${span(median(good.map(({ facts }) => facts.durationMs)) ?? 0)}, at most ${span(longest)}.`,
    height: 220,
    y: { domain: [0, (longest / unit.ms) * 1.08 || 1], tickFormat: (value: number) => `${value}\u00A0${unit.name}` },
    marginLeft: 66,
    marks: [
      Plot.dot(points, {
        x: 'at',
        y: 'value',
        fill: 'var(--second)',
        fillOpacity: many ? 0.28 : 0.45,
        r: many ? 1.4 : 2.4,
      }),
      Plot.lineY(line, { x: 'at', y: 'value', stroke: 'var(--second)', strokeWidth: 1.75 }),
    ],
  });
  return html`<figure>
    <figcaption>
      <strong>Time taken</strong
      ><span class="small soft">each dot a backup; the line is the middle of ${smoothed}</span>
    </figcaption>
    ${drawn}
  </figure>`;
}

function unitOf(ms: number): { readonly name: string; readonly ms: number } {
  if (ms < 120_000) return { name: 's', ms: 1000 };
  return ms < 7_200_000 ? { name: 'min', ms: 60_000 } : { name: 'h', ms: 3_600_000 };
}

function extent(points: readonly Point[]): [number, number] {
  const values = points.map(({ value }) => value);
  return [Math.min(...values), Math.max(...values)];
}

function asTable(good: readonly GoodRun[], { timeZone }: PageModel): Markup {
  const months = Map.groupBy(good, ({ startedAt }) => onAxis(startedAt, timeZone).toISOString().slice(0, 7));
  const rows =
    good.length > mostRows
      ? [...months].toReversed().map(([month, those]) => ({ when: month, those }))
      : good.toReversed().map((run) => ({ when: moment(run.startedAt, timeZone), those: [run] }));
  const middle = (those: readonly GoodRun[], of: (run: GoodRun) => number): number => median(those.map(of)) ?? 0;
  return html`<details>
    <summary>The same as a table</summary>
    <table class="data">
      <caption>
        ${good.length > mostRows ? 'The middle of each month, newest first' : 'Newest first'}
      </caption>
      <thead>
        <tr>
          <th scope="col">${good.length > mostRows ? 'Month' : 'Backup'}</th>
          <th scope="col" class="number">Size</th>
          <th scope="col" class="number">Took</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ when, those }) =>
            html`<tr>
              <th scope="row">${when}</th>
              <td class="number">${bytes(middle(those, ({ facts }) => facts.bytes))}</td>
              <td class="number">${span(middle(those, ({ facts }) => facts.durationMs))}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`;
}

import { sparkline } from '../chart.ts';
import { change, count, day, plural } from '../figures.ts';
import type { Growth, TableGrowth } from '../growth.ts';
import { html, type Markup } from '../html.ts';
import type { DatabaseModel, PageModel } from '../model.ts';

/** How the largest and the fastest growing tables grow. */
export function tablesSection({ growth }: DatabaseModel, page: PageModel): Markup | false {
  if (!growth) return false;
  return html`<section class="block">
    <div class="head">
      <h2>Tables</h2>
      <p class="soft">
        The largest${growth.since && ' and the fastest growing'}, by the rows that the backups
        hold${growth.since && `; growth since ${day(growth.since, page.timeZone)}`}.
      </p>
    </div>
    <table class="data">
      <thead>
        <tr>
          <th scope="col">Table</th>
          <th scope="col" class="number">Rows</th>
          ${
            growth.since &&
            html`<th scope="col" class="number">Growth</th>
              <th scope="col" class="roomy"><span class="hidden">Over time</span></th>`
          }
        </tr>
      </thead>
      <tbody>
        ${growth.tables.map((table) => tableRow(table, growth, page))}
      </tbody>
    </table>
    ${growth.others > 0 && html`<p class="small soft">And ${plural(growth.others, 'other table')}.</p>`}
  </section>`;
}

function tableRow(table: TableGrowth, { since }: Growth, { timeZone }: PageModel): Markup {
  const { schema, name, rows, exact, series } = table;
  const [first] = series;
  const label = first ? `${count(first.rows)} rows on ${day(first.at, timeZone)}, now ${count(rows)}` : '';
  const line =
    series.length > 1 &&
    sparkline(
      series.map(({ at, rows: value }) => ({ at, value })),
      label,
    );
  return html`<tr>
    <th scope="row">${schema !== 'public' && html`<span class="soft">${schema}.</span>`}${name}</th>
    <td class="number">${!exact && html`<span class="soft">about </span>`}${count(rows)}</td>
    ${
      since &&
      html`<td class="number">${growthWords(table)}</td>
        <td class="spark roomy">${line}</td>`
    }
  </tr>`;
}

function growthWords({ added, rows }: TableGrowth): string {
  if (added === undefined) return 'new';
  if (added === 0) return '±0';
  const before = rows - added;
  const sign = added < 0 ? '\u2212' : '+';
  return before > 0 && Math.abs(added) * 2 < before * 20 ? change(added / before) : sign + count(Math.abs(added));
}

import * as Plot from '@observablehq/plot';
import { asMarkup, drawing } from '../src/report/chart.ts';
import type { AllFigures, WayFigures } from './figures.ts';

const width = 720;
const margin = 24;
const rowHeight = 26;
const headHeight = 44;

interface Panel {
  readonly title: string;
  readonly ways: readonly WayFigures[];
}

/** The plot of the README: an SVG that follows a light or a dark desk, on a ground of its own. */
export function benchPlot(figures: AllFigures): string {
  const panels = panelsOf(figures);
  let y = margin;
  const drawn = panels.map((panel) => {
    const part = `<g transform="translate(${margin}, ${y})">${draw(panel)}</g>`;
    y += headHeight + panel.ways.length * rowHeight + margin;
    return part;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" role="img">
<title>Seconds that backups and restores take</title>
<style>
  svg { --ground: #fff; --edge: #d0d7de; --ink: #1f2328; --soft: #59636e; --ours: #0b6e4f; --other: #afb8c1; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --edge: #3d444d; --ink: #f0f6fc; --soft: #9198a1; --ours: #3fb68b; --other: #4b535d; }
  }
  svg { color: var(--ink); }
  text { font: 13px -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif; }
  .head { font-weight: 600; font-size: 15px; fill: var(--ink); }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${y - 1}" rx="8" fill="var(--ground)" stroke="var(--edge)"/>
${drawn.join('\n')}
</svg>
`;
}

function panelsOf({ backup, restore, link }: AllFigures): Panel[] {
  const size = (bytes: number | undefined) => ((bytes ?? 0) / 1e9).toFixed(2);
  const without = (ways: readonly WayFigures[] | undefined, left: RegExp) =>
    (ways ?? []).filter(({ id }) => !left.test(id));
  return [
    { title: `Backup of ${size(backup?.databaseBytes)} GB, seconds`, ways: without(backup?.ways, /^lanes-\d$/) },
    { title: 'Restore, seconds', ways: restore?.ways ?? [] },
    { title: 'Backup at 200 Mbit/s a connection, seconds', ways: without(link?.ways, /one-part/) },
  ].filter(({ ways }) => ways.length > 0);
}

function draw({ title, ways }: Panel): string {
  const rows = ways.map((way, i) => ({ ...way, name: `${i}`, words: plain(way.title) }));
  const words = new Map(rows.map((row) => [row.name, row.words]));
  const svg = asMarkup(
    Plot.plot({
      ...drawing(),
      width: width - 2 * margin,
      height: rows.length * rowHeight,
      marginLeft: 300,
      marginRight: 48,
      marginTop: 0,
      marginBottom: 0,
      x: { axis: null, domain: [0, Math.max(...rows.map(({ seconds }) => seconds))] },
      y: {
        label: null,
        domain: rows.map(({ name }) => name),
        tickSize: 0,
        tickFormat: (name: string) => words.get(name) ?? '',
        padding: 0.25,
      },
      marks: [
        Plot.barX(rows, {
          x: 'seconds',
          y: 'name',
          fill: (row: WayFigures) => (row.ours ? 'var(--ours)' : 'var(--other)'),
          rx: 2,
        }),
        Plot.text(rows, {
          x: 'seconds',
          y: 'name',
          text: ({ seconds }: WayFigures) => seconds.toFixed(1),
          textAnchor: 'start',
          dx: 6,
          fill: 'var(--soft)',
        }),
      ],
    }),
    title,
  );
  return `<text class="head" y="14">${title}</text><g transform="translate(0, 30)">${svg.text}</g>`;
}

/** A title without its Markdown. */
function plain(title: string): string {
  return title
    .replaceAll('`', '')
    .replace(' (nothing stored)', '')
    .replaceAll('\\|', '|')
    .replace(/, which is there already/, ', without download');
}

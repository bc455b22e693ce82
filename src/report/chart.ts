import * as Plot from '@observablehq/plot';
import { DOMImplementation, type Element, XMLSerializer } from '@xmldom/xmldom';
import { localTime } from '../retention/periods.ts';
import { html, Markup } from './html.ts';

/** One drawing for wide places, one for phones: text in a drawing that is scaled down could not be read. */
const widths = { wide: 520, narrow: 340 } as const;

/** What a chart shows: a series over time. */
export interface ChartRequest {
  /** Says what can be seen, for those who cannot. */
  readonly label: string;
  /** Of the values; some room above is added. */
  readonly domain: readonly [number, number];
  readonly tickFormat: (value: number) => string;
  readonly marks: readonly Plot.Markish[];
}

/** Draws an SVG twice, of which the style sheet shows one. Colours are variables of the style sheet. */
export function chart(request: ChartRequest): Markup {
  const drawn = (Object.keys(widths) as (keyof typeof widths)[]).map(
    (name) => html`<div class="${name}">${draw(request, widths[name], name === 'wide' ? 6 : 4)}</div>`,
  );
  return html`<div class="chart">${drawn}</div>`;
}

/** A line without axes, for a cell of a table. */
export function sparkline(points: readonly { readonly at: Date; readonly value: number }[], label: string): Markup {
  const values = points.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return asMarkup(
    Plot.plot({
      ...drawing(),
      width: 120,
      height: 28,
      margin: 3,
      x: { axis: null, type: 'utc' },
      // A line that does not move lies in the middle.
      y: { axis: null, domain: low === high ? [low - 1, high + 1] : [low, high] },
      marks: [
        Plot.line(points, { x: 'at', y: 'value', stroke: 'var(--series)', strokeWidth: 1.5, curve: 'monotone-x' }),
        Plot.dot(points.slice(-1), { x: 'at', y: 'value', fill: 'var(--series)', r: 2.25 }),
      ],
    }),
    label,
  );
}

/** A moment as if the clock of the time zone were UTC: axes know no time zones. */
export function onAxis(time: Date, timeZone: string): Date {
  const local = localTime(time, timeZone);
  return new Date(local.toMillis() + local.offset * 60_000);
}

function draw({ label, domain, tickFormat, marks }: ChartRequest, width: number, ticks: number): Markup {
  const top = domain[1] * 1.1 || 1;
  return asMarkup(
    Plot.plot({
      ...drawing(),
      width,
      height: 220,
      marginLeft: 64,
      marginRight: 10,
      marginTop: 12,
      marginBottom: 40,
      x: { type: 'utc', label: null, ticks, tickSize: 0, tickPadding: 12 },
      y: { domain: [domain[0], top], label: null, ticks: 4, tickFormat, tickSize: 0, tickPadding: 12 },
      marks: [Plot.gridY({ ticks: 4, stroke: 'var(--line)', strokeOpacity: 1 }), ...marks],
    }),
    label,
  );
}

/** A small DOM to draw into. */
export function drawing(): Plot.PlotOptions {
  const document: unknown = new DOMImplementation().createDocument('http://www.w3.org/1999/xhtml', 'html', null);
  return { document };
}

const serializer = new XMLSerializer();
const coordinates = new Set([
  'd',
  'transform',
  'x',
  'y',
  'x1',
  'x2',
  'y1',
  'y2',
  'cx',
  'cy',
  'width',
  'height',
  'points',
]);

/** Without its own style sheet, which the page's policy forbids, and with coordinates of a length that can be seen. */
export function asMarkup(drawn: unknown, label: string): Markup {
  const svg = drawn as Element;
  for (const style of [...svg.getElementsByTagName('style')]) style.parentNode?.removeChild(style);
  for (const element of [svg, ...svg.getElementsByTagName('*')]) {
    for (const { name, value } of [...element.attributes]) {
      if (name.startsWith('aria-') || name === 'class') element.removeAttribute(name);
      else if (coordinates.has(name)) element.setAttribute(name, value.replaceAll(/\d+\.\d{2,}/g, shorten));
    }
  }
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  return new Markup(serializer.serializeToString(svg));
}

function shorten(number: string): string {
  return String(Number(Number(number).toFixed(1)));
}

import { moment } from './figures.ts';
import { escape } from './html.ts';
import type { PageModel } from './model.ts';
import type { Tone } from './verdict.ts';

/** White text on each has a contrast of 4.5 at least. */
const grounds: Readonly<Record<Tone, string>> = {
  good: '#1a7350',
  look: '#96600a',
  unknown: '#5d6058',
  bad: '#b3261e',
};

const label = 'backup';

/**
 * A badge for a page of the user's own. Nobody draws it anew while no run comes, so it tells when the newest backup was
 * made and not how long ago that is.
 */
export function renderBadge({ tone, databases, timeZone }: PageModel): string {
  const newest = databases.map(({ verdict }) => verdict.newest?.startedAt.getTime());
  const known = newest.filter((time) => time !== undefined);
  // Of several databases the one that has waited longest.
  const oldest = known.length === 0 ? undefined : moment(new Date(Math.min(...known)), timeZone);
  if (oldest === undefined || known.length < newest.length)
    return draw(known.length === 0 ? 'none' : 'one is missing', 'bad');
  return draw(tone === 'bad' ? `needs attention · ${oldest}` : oldest, tone);
}

function draw(message: string, tone: Tone): string {
  const [left, right] = [widthOf(label), widthOf(message)];
  const [labelWidth, width] = [left + 14, left + right + 28];
  const text = (words: string, x: number, length: number): string =>
    `<text x="${x}" y="14" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escape(words)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${label}: ${escape(message)}">
<title>${label}: ${escape(message)}</title>
<rect width="${width}" height="20" rx="4" fill="${grounds[tone]}"/>
<path d="M${labelWidth} 0v20H4a4 4 0 0 1-4-4V4a4 4 0 0 1 4-4z" fill="#3b3e39"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">${text(label, 7, left)}${text(message, labelWidth + 7, right)}</g>
</svg>
`;
}

/** About what Verdana takes at this size; the text is drawn to fit it. */
function widthOf(text: string): number {
  const narrow = text.match(/[\s,.:·il]/g)?.length ?? 0;
  return Math.round((text.length - narrow) * 7 + narrow * 4);
}

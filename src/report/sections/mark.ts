import { html, Markup } from '../html.ts';
import type { Tone } from '../verdict.ts';

const shapes: Readonly<Record<Tone, string>> = {
  good: '<path d="M3 8.5 6.5 12 13 4.5" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/>',
  look: '<path d="M8 2.5v7" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/><circle cx="8" cy="13.2" r="1.6" fill="currentColor"/>',
  unknown: '<path d="M3 8h10" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>',
  bad: '<path d="M4 4l8 8M12 4l-8 8" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/>',
};

/** A small shape that says the same as its colour. */
function shape(tone: Tone): Markup {
  return new Markup(`<svg viewBox="0 0 16 16" aria-hidden="true">${shapes[tone]}</svg>`);
}

const words: Readonly<Record<Tone, string>> = {
  good: 'All good',
  look: 'Worth a look',
  unknown: 'Cannot be judged',
  bad: 'Needs attention',
};

/** The verdict in two words. */
export function toneMark(tone: Tone): Markup {
  return html`<p class="tone ${tone}">${shape(tone)}${words[tone]}</p>`;
}

/** A word of a table with the shape of its tone. */
export function wordMark(tone: Tone, word: string): Markup {
  return html`<span class="mark ${tone}">${shape(tone)}${word}</span>`;
}

import { oneLine } from '../visible.ts';

/** The lines of a text that is shown as it stands, each made visible by {@link oneLine}; no empty ones. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => oneLine(line).trimEnd())
    .filter((line) => line.trim() !== '');
}

/**
 * The text, escaped; where that has more than `limit` units, as much of it as fits, with an ellipsis. Cuts between
 * characters and never within what `escape` makes of one, which it must do for each character by itself.
 */
export function fit(text: string, limit: number, escape: (character: string) => string = (same) => same): string {
  const whole = escape(text);
  if (whole.length <= limit) return whole;
  let kept = '';
  for (const character of text) {
    const next = escape(character);
    if (kept.length + next.length > limit - 1) break;
    kept += next;
  }
  return limit < 1 ? '' : `${kept}…`;
}

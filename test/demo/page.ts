import { stripVTControlCharacters, styleText } from 'node:util';

/** The width that everything keeps to, in columns. */
export const pageWidth = 88;

const worthTellingMs = 200;

type Style = Parameters<typeof styleText>[0];

/** Text in a style on a terminal that has colours, as it is elsewhere. `NO_COLOR` is respected. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Prints a line. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Runs one numbered step: its heading first, then what it prints itself, then how long it took. */
export async function step<T>(nth: number, heading: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  say();
  say(styled(['bold', 'cyan'], ` ${String(nth)}  ${heading}`));
  const started = performance.now();
  const value = await work();
  const took = performance.now() - started;
  if (took > worthTellingMs) say(`    ${styled('dim', seconds(took))}`);
  return value;
}

/** Milliseconds for people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A count for people. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** Prints what another program says, set apart by a bar, in lines that fit. */
export function quote(text: string): void {
  const shown = process.stdout.isTTY && process.stdout.hasColors() ? text : stripVTControlCharacters(text);
  for (const line of shown.replace(/\n+$/, '').split('\n'))
    for (const part of wrap(line, pageWidth - 6)) say(`    ${styled('dim', '│')} ${part}`);
}

/** Prints a command as it was typed. */
export function command(lines: readonly string[]): void {
  for (const [index, line] of lines.entries())
    say(`    ${styled('yellow', index === 0 ? '$' : ' ')} ${styled('bold', line)}`);
}

/** Prints rows under a heading; the columns named in `right` are set to the right. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): void {
  const widths = heading.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column] ?? '')].map(columns)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, right.includes(column)))
      .join('   ')
      .trimEnd();
  say(`    ${styled('dim', line(heading))}`);
  for (const row of rows) say(`    ${line(row)}`);
}

/** How many columns a text takes; enough for what the demo prints, which has no wide letters. */
export function columns(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

/** A text filled up with spaces to a width. */
export function pad(text: string, width: number, right = false): string {
  const spaces = ' '.repeat(Math.max(0, width - columns(text)));
  return right ? spaces + text : text + spaces;
}

/** Cuts a line at spaces and commas. Styles within it are kept, for they take no room and end where they began. */
function wrap(line: string, width: number): string[] {
  const parts: string[] = [];
  let rest = line;
  while (columns(rest) > width) {
    const head = stripVTControlCharacters(rest).slice(0, width);
    const at = Math.max(head.lastIndexOf(' '), head.lastIndexOf(',')) + 1 || width;
    const cut = cutAt(rest, at);
    parts.push(rest.slice(0, cut).trimEnd());
    rest = `  ${rest.slice(cut)}`;
  }
  return [...parts, rest];
}

/** Where in a styled text its visible character number `at` begins. */
function cutAt(text: string, at: number): number {
  let cut = at;
  while (stripVTControlCharacters(text.slice(0, cut)).length < at) cut += 1;
  return cut;
}

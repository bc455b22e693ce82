import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../support/run-command.ts';

/** README.md as it stands. */
export const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** The content of the only block fenced with this language that holds a text. */
export function block(language: string, holding: string): string {
  const all = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return only(
    all.filter((match) => match[1] === language && match[2]?.includes(holding)).map((match) => match[2] ?? ''),
    `a ${language} block with ${holding}`,
  );
}

/** What the pattern's only group matches in the README, which must be in exactly one place. */
export function phrase(pattern: RegExp): string {
  const all = [...readme.matchAll(new RegExp(pattern, `${pattern.flags}g`))];
  return only(
    all.map((match) => match[1] ?? ''),
    String(pattern),
  );
}

/** The rows under a table's heading, each as its cells. */
export function rowsUnder(...heading: readonly string[]): string[][] {
  const lines = readme.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  const start = lines.findIndex((cells) => cells.join('|') === heading.join('|'));
  if (start === -1) throw new Error(`README.md has no table ${heading.join(' | ')}`);
  const rows = lines.slice(start + 2);
  return rows.slice(
    0,
    rows.findIndex((cells) => cells.length === 0),
  );
}

/** A text with some of its words put in place of others, each of which must be there. */
export function swap(text: string, words: Readonly<Record<string, string>>): string {
  return Object.entries(words).reduce((swapped, [from, to]) => {
    if (!swapped.includes(from)) throw new Error(`README.md no longer says ${from}`);
    return swapped.replaceAll(from, to);
  }, text);
}

/** The variables that a shell hands to the only `docker run` with `-e` in the README. */
export async function dockerVariables(): Promise<Record<string, string>> {
  const script = `docker() { printf '%s\\0' "$@"; }\n${block('sh', '-e DATABASE_URL')}`;
  const words = (await runCommand('sh', ['-euc', script])).split('\0');
  const pairs = words.flatMap((word, index) => (words[index - 1] === '-e' ? [word] : []));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function only(found: readonly string[], what: string): string {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`README.md has ${found.length} times ${what}, not once`);
  return first;
}

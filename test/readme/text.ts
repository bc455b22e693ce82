import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** The variables of `backup.env`, as a shell writes that file with the README's block. */
export async function backupVariables(): Promise<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-readme-'));
  try {
    const script = `cd '${folder}'\n${block('sh', 'cat > backup.env')}cat backup.env`;
    const lines = (await runCommand('sh', ['-euc', script])).trimEnd().split('\n');
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function only(found: readonly string[], what: string): string {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`README.md has ${found.length} times ${what}, not once`);
  return first;
}

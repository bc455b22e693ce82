import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AllFigures } from './figures.ts';
import { goalsTable } from './goals.ts';
import { benchPlot } from './plot.ts';
import type { SectionReport } from './section.ts';
import { benchWords } from './words.ts';

/** Writes what a section has found into a checkout: its own place in bench/RESULTS.md, and all that is made of figures. */
export function writeReport(checkout: string, name: string, { text, readme, figures }: SectionReport): void {
  const [results, page] = [join(checkout, 'bench/RESULTS.md'), join(checkout, 'README.md')];
  writeSection(results, name, text);
  if (readme !== undefined) writeSection(page, `bench-${name}`, readme);
  if (figures === undefined) return;
  const all = keepFigures(join(checkout, 'bench/figures.json'), name, figures);
  writeSection(results, 'goals', goalsTable(all));
  writeSection(page, 'bench-words', benchWords(all));
  mkdirSync(join(checkout, 'docs/images'), { recursive: true });
  writeFileSync(join(checkout, 'docs/images/bench.svg'), benchPlot(all));
}

/**
 * Puts a text between `<!-- name -->` and `<!-- /name -->` of a file, where each stands on a line of its own.
 * Throws where one is missing.
 */
export function writeSection(file: string, name: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const start = page.indexOf(open);
  const end = page.indexOf(close, start);
  if (start === -1 || end === -1) throw new Error(`${file} has no section ${name}`);
  writeFileSync(file, `${page.slice(0, start + open.length)}\n${text.trim()}\n\n${page.slice(end)}`);
}

/** Keeps the figures of one section beside those of the others, and returns all. */
function keepFigures(file: string, name: string, figures: unknown): AllFigures {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  const all = { ...kept, [name]: figures };
  writeFileSync(file, `${JSON.stringify(all, undefined, 2)}\n`);
  return all as unknown as AllFigures;
}

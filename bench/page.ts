import { existsSync, readFileSync, writeFileSync } from 'node:fs';

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

/** Keeps the figures of one section in a file of JSON, beside those of the others. */
export function keepFigures(file: string, name: string, figures: unknown): void {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  writeFileSync(file, `${JSON.stringify({ ...kept, [name]: figures }, undefined, 2)}\n`);
}

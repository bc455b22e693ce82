import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { faults } from '../test/reliability/faults.ts';
import { replaceBetween } from './replace-between.ts';

const root = join(import.meta.dirname, '..');

/** A test as its file names it; `…` stands for what is filled in when it runs. */
export interface TestTitle {
  /** Relative to the top level. */
  readonly file: string;
  readonly title: string;
}

/** docs/RELIABILITY.md with its table made anew from the faults and the titles of the tests. */
export function withFaults(page: string): string {
  const tests = testsByFault();
  const rows = faults.map(({ number, what, promise, untested }) => {
    const shown = (tests.get(number) ?? []).map(({ file, title }) => `[${escape(title)}](../${file})`);
    const cells = [String(number), what, promise, untested ?? shown.join('<br>')];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const head = ['| | fault | what happens | tests |', '| --- | --- | --- | --- |'];
  return replaceBetween(page, 'faults', [...head, ...rows].join('\n'));
}

/** The tests that bear the number of a fault in their titles. */
export function testsByFault(): Map<number, TestTitle[]> {
  const found = new Map<number, TestTitle[]>();
  for (const file of globSync('test/**/*.test.ts', { cwd: root }).sort()) {
    for (const title of titlesIn(file)) {
      const numbers = /\bfaults? (\d+(?:(?:, | and )\d+)*)/.exec(title)?.[1];
      for (const number of numbers?.match(/\d+/g) ?? []) {
        const tests = found.get(Number(number)) ?? [];
        tests.push({ file, title: title.replace(/^faults? [\d, and]+: /, '') });
        found.set(Number(number), tests);
      }
    }
  }
  return found;
}

/** Every text of a test file that could be a title. */
function titlesIn(file: string): string[] {
  const titles: string[] = [];
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
  const look = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) titles.push(node.text);
    else if (ts.isTemplateExpression(node)) {
      titles.push(node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join(''));
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return titles;
}

function escape(title: string): string {
  return title.replace(/[[\]<>`*_]/g, (character) => `\\${character}`);
}

if (import.meta.main) {
  const path = join(root, 'docs/RELIABILITY.md');
  writeFileSync(path, withFaults(readFileSync(path, 'utf8')));
}

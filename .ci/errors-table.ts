import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureKinds } from '../src/errors.ts';
import { byHand } from '../test/errors/by-hand.ts';
import { testsThatShow } from './errors/shown.ts';
import { everythingTold, type Told } from './errors/told.ts';
import { replaceBetween } from './replace-between.ts';

/** An error with how it is known to be tested: by files, or a reason why not; with neither it is not. */
export interface Shown {
  readonly told: Told;
  readonly tests: readonly string[];
  readonly untested: string | undefined;
}

/** Everything that the program tells, with its tests. */
export function everythingShown(): Shown[] {
  const told = everythingTold();
  const tests = testsThatShow(told);
  return told.map((one) => {
    const found = tests.get(one) ?? [];
    const known = byHand.find(({ file, message }) => file === one.file && message === one.messages[0]);
    if (found.length > 0 || known === undefined) return { told: one, tests: found, untested: undefined };
    return { told: one, tests: known.test === undefined ? [] : [known.test], untested: known.untested };
  });
}

/** docs/ERRORS.md with its tables made anew from the sources and tests. */
export function withErrors(page: string, shown: readonly Shown[] = everythingShown()): string {
  const groups = new Map<string, string>(
    Object.entries(failureKinds).map(([kind, { exitCode, meaning }]) => [kind, `${exitCode}: ${meaning}`]),
  );
  groups.set('problem', 'Problems of the configuration, listed together with exit code 78');
  groups.set('', 'Failures with the exit code of their cause');
  groups.set('warning', 'Warnings about the configuration, which change no exit code');
  const sections = [...groups].flatMap(([kind, title]) => {
    const rows = shown.filter(({ told }) => (told.kinds.length === 0 ? kind === '' : told.kinds.includes(kind)));
    if (rows.length === 0) return [];
    const withHints = rows.some(({ told }) => told.hints.length > 0);
    const head = withHints
      ? ['| message | hint | test |', '| --- | --- | --- |']
      : ['| message | test |', '| --- | --- |'];
    return [`## ${title}`, '', ...head, ...sorted(rows).map((row) => rowOf(row, withHints)), ''];
  });
  return replaceBetween(page, 'errors', sections.join('\n').trim());
}

function sorted(rows: readonly Shown[]): Shown[] {
  const key = ({ told }: Shown): string => `${told.file} ${String(told.line).padStart(4, '0')}`;
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function rowOf({ told, tests, untested }: Shown, withHints: boolean): string {
  const test = nearest(tests, told.file);
  const link = test && `[${test.replace(/^test\/|\.test\.ts$/g, '')}](../${test})`;
  const shown = link ?? (untested === undefined ? '' : `none: ${untested}`);
  const isHintAlone = told.messages[0] === told.hints[0];
  const message = isHintAlone
    ? '…'
    : told.messages
        .filter((text) => text !== '')
        .map(escape)
        .join('<br>or ');
  const hints = told.hints.map(escape).join('<br>or ');
  return `| ${[message, ...(withHints ? [hints] : []), shown].join(' | ')} |`;
}

/** The test of the source file itself, or one of the same part; the page names no more, or it would change all the time. */
function nearest(tests: readonly string[], file: string): string | undefined {
  const mirror = file.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts');
  const part = mirror.slice(0, mirror.indexOf('/', 'test/'.length) + 1);
  return tests.find((test) => test === mirror) ?? tests.find((test) => test.startsWith(part)) ?? tests[0];
}

function escape(text: string): string {
  return text
    .replaceAll('\n', ' ')
    .replace(/[[\]<>`*_~\\]/g, (character) => `\\${character}`)
    .replaceAll('|', '\\|')
    .replace(/(https?):\/\//g, '$1&#58;//');
}

if (import.meta.main) {
  const path = join(import.meta.dirname, '../docs/ERRORS.md');
  writeFileSync(path, withErrors(readFileSync(path, 'utf8')));
}

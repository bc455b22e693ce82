import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Told } from './told.ts';
import { blank } from './wording.ts';

const root = join(import.meta.dirname, '../..');
const least = 3; // words
const longest = 6;

/**
 * The test files that show a message, by message. A file shows it that holds words of it or of its hint which nothing else
 * has that is told, or no other of its source file where the test is that file's own; or else the whole of it.
 */
export function testsThatShow(told: readonly Told[]): Map<Told, string[]> {
  const owners = new Map<string, Set<string>>();
  for (const one of told) {
    for (const key of runsOf(one).flatMap((run) => [run, `${one.file}:${run}`])) {
      owners.set(key, (owners.get(key) ?? new Set()).add(identityOf(one)));
    }
  }
  const texts = textsOfTests();
  const holders = new Map<string, Set<string>>();
  for (const { file, text } of texts) {
    for (const run of runsIn([text])) {
      if (owners.has(run)) holders.set(run, (holders.get(run) ?? new Set()).add(file));
    }
  }
  return new Map(
    told.map((one) => {
      const mirror = one.file.replace(/^src/, 'test').replace(/\.ts$/, '.test.ts');
      const files = runsOf(one).flatMap((run) => {
        const isItsOwn = owners.get(run)?.size === 1;
        const isItsFiles = owners.get(`${one.file}:${run}`)?.size === 1;
        return [...(holders.get(run) ?? [])].filter((file) => (file === mirror ? isItsFiles : isItsOwn));
      });
      return [one, [...new Set(files.length > 0 ? files : showingWhole(one, texts))].sort()];
    }),
  );
}

/** The files with a text that ends with a whole message, whatever is filled in. */
function showingWhole({ messages }: Told, texts: readonly Expected[]): string[] {
  return messages.flatMap((message) => {
    if ((message.match(/[A-Za-z]{2,}/g) ?? []).length < 2) return [];
    const fixed = message.split(blank);
    const [longestPart = ''] = fixed.toSorted((a, b) => b.length - a.length);
    const pattern = new RegExp(`${fixed.map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')).join('.+')}$`, 's');
    return texts.filter(({ text }) => text.includes(longestPart) && pattern.test(text)).map(({ file }) => file);
  });
}

/** Equal messages are one, wherever they are made. */
function identityOf({ messages }: Told): string {
  return messages.join('\n');
}

/** All runs of fixed words that are long enough to tell one message from another. */
function runsOf({ messages, hints }: Told): string[] {
  return runsIn([...messages, ...hints.filter((hint) => !hint.startsWith('Usage:'))]);
}

function runsIn(texts: readonly string[]): string[] {
  const runs = new Set<string>();
  for (const fragment of texts.flatMap((text) => text.split(blank))) {
    const words = wordsOf(fragment);
    for (let from = 0; from < words.length; from += 1) {
      for (let count = least; count <= longest && from + count <= words.length; count += 1) {
        runs.add(words.slice(from, from + count).join(' '));
      }
    }
  }
  return [...runs];
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\d_*<>-]+/gu) ?? [];
}

interface Expected {
  readonly file: string;
  /** With blanks where it is not fixed, none at its end. */
  readonly text: string;
}

/** What test files expect: every text and pattern in them but imports and the titles of tests. */
function textsOfTests(): Expected[] {
  const found: Expected[] = [];
  for (const file of globSync('test/**/*.test.ts', { cwd: root }).sort()) {
    const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
    const add = (text: string): void => {
      if (wordsOf(text).length > 1) found.push({ file, text: text.replace(/[…\s]+$/, '') });
    };
    const look = (node: ts.Node): void => {
      if (ts.isImportDeclaration(node)) return;
      if (ts.isCallExpression(node) && /^(test|describe|it)$/.test(node.expression.getText())) {
        node.arguments.slice(1).forEach(look);
        return;
      }
      if (ts.isRegularExpressionLiteral(node)) add(fixedPartsOf(node.text));
      else if (ts.isStringLiteralLike(node)) add(node.text);
      else if (ts.isTemplateExpression(node)) {
        const text = node.head.text + node.templateSpans.map(({ literal }) => blank + literal.text).join('');
        add(isPattern(node) ? fixedPartsOf(text) : text);
      }
      ts.forEachChild(node, look);
    };
    look(source);
  }
  return found;
}

function isPattern({ parent }: ts.Node): boolean {
  return ts.isNewExpression(parent) && parent.expression.getText() === 'RegExp';
}

/** A pattern with everything but its literal text blanked. */
function fixedPartsOf(pattern: string): string {
  return pattern
    .replace(/^\/|\/[a-z]*$/g, '')
    .replace(/\\[dwsDWSbB][+*?]*/g, blank)
    .replace(/\[[^\]]*\][+*?]*/g, blank)
    .replace(/\.[+*?]+/g, blank)
    .replace(/[()|^$]|\?:/g, blank)
    .replace(/\\(.)/g, '$1');
}

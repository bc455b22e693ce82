import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Arguments, blank, parameterOf, wordings } from './wording.ts';

/** One thing that the program can tell a user. */
export interface Told {
  /** Relative to the top level. */
  readonly file: string;
  /** Counted from 1; for the messages of checks alone, because it moves. */
  readonly line: number;
  /** Kinds of a Failure; `problem` and `warning` for what reading the configuration finds; empty as its cause has. */
  readonly kinds: readonly string[];
  readonly messages: readonly string[];
  readonly hints: readonly string[];
}

const root = join(import.meta.dirname, '../..');

/** Everything that the sources say to a user who did something wrong or met something that went wrong. */
export function everythingTold(): Told[] {
  const sources = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => file !== 'src/notify/sample.ts') // a failure that is none
    .sort()
    .map((file) => ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true));
  const calls = new Calls(sources);
  // What has no words of its own hands on those of others, which are told of where they are made.
  const told = sources.flatMap((source) => toldIn(source, calls));
  const byWords = new Map(told.map((one) => [JSON.stringify({ ...one, line: 0 }), one]));
  return [...byWords.values()].filter(({ messages, hints }) => hasWord(messages) || hasWord(hints));
}

function toldIn(source: ts.SourceFile, calls: Calls): Told[] {
  const told: Told[] = [];
  const look = (node: ts.Node): void => {
    const said = saying(node);
    if (said) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      for (const args of calls.of(said.message)) {
        const kinds = said.kind === undefined ? [said.as] : wordings(said.kind, args);
        const hints =
          said.hint === undefined ? [] : wordings(said.hint, args).filter((hint) => !['', blank].includes(hint));
        for (const messages of alike(
          wordings(said.message, args).map((text) => (said.before + text).replace(/…{2,}/g, blank)),
        )) {
          told.push({ file: source.fileName, line, kinds: kinds.includes(blank) ? [] : kinds, messages, hints });
        }
      }
    }
    ts.forEachChild(node, look);
  };
  look(source);
  return told;
}

interface Saying {
  readonly as: string;
  /** What stands before the message when it is told. */
  readonly before: string;
  readonly kind?: ts.Expression | undefined;
  readonly message: ts.Expression;
  readonly hint?: ts.Expression | undefined;
}

function saying(node: ts.Node): Saying | undefined {
  if (ts.isNewExpression(node)) return made(node);
  if (ts.isObjectLiteralExpression(node)) return listed(node);
  if (!ts.isCallExpression(node)) return undefined;
  if (ts.isIdentifier(node.expression)) return aboutOtherPrograms(node, node.expression.text);
  if (!ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { name, expression } = node.expression;
  if (!/(^|\.)findings$/.test(expression.getText())) return undefined;
  const message = node.arguments[name.text === 'missing' ? 1 : 0];
  if (message === undefined) return undefined;
  if (name.text === 'problem' || name.text === 'missing') return { as: 'problem', before: '', message };
  return name.text === 'warn' ? { as: 'warning', before: '', message } : undefined;
}

/** A Failure, or one of the errors that the configuration's readers throw and put the variable's name before. */
function made(node: ts.NewExpression): Saying | undefined {
  const [first, second, options] = node.arguments ?? [];
  switch (node.expression.getText()) {
    case 'Failure':
      return (
        second && {
          as: 'failure',
          before: '',
          kind: first,
          message: second,
          hint: options && propertyOf(options, 'hint'),
        }
      );
    case 'EnvError':
    case 'UrlProblem':
    case 'KeyFault':
      return first && { as: 'problem', before: `${blank} `, message: first };
    default:
      return undefined;
  }
}

/** A row of a table: a rule about variables with its words, or what the store's answer means with its hint. */
function listed(node: ts.ObjectLiteralExpression): Saying | undefined {
  const rule = propertyOf(node, 'broken');
  const words = propertyOf(node, 'words');
  if (rule && words && ts.isArrowFunction(words) && !ts.isBlock(words.body)) {
    const isWarning = propertyOf(node, 'severity') !== undefined;
    return { as: isWarning ? 'warning' : 'problem', before: '', message: words.body };
  }
  if (propertyOf(node, 'path') && words) return { as: 'problem', before: `${blank} `, message: words };
  const [kind, hint] = [propertyOf(node, 'kind'), propertyOf(node, 'hint')];
  return kind && hint && ts.isStringLiteral(kind) && !ts.isNewExpression(node.parent)
    ? { as: 'failure', before: '', kind, message: hint, hint }
    : undefined;
}

/** The settings of other programs, in their table. */
function aboutOtherPrograms(node: ts.CallExpression, name: string): Saying | undefined {
  const [message] = node.arguments;
  if (message === undefined || !node.getSourceFile().fileName.endsWith('/other-tools.ts')) return undefined;
  if (name === 'refused') return { as: 'problem', before: `${blank} is not supported; `, message };
  return name.startsWith('idle') ? { as: 'warning', before: `${blank} has no effect: `, message } : undefined;
}

function propertyOf(node: ts.Expression, name: string): ts.Expression | undefined {
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  for (const property of node.properties) {
    if (property.name?.getText() !== name) continue;
    if (ts.isPropertyAssignment(property)) return property.initializer;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}

/** Texts that share most of their words are one message told in several ways; others are several messages. */
function alike(texts: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const text of texts) {
    const words = new Set(text.match(/[A-Za-z_]+/g));
    const group = groups.find(([first = '']) => {
      const others = new Set(first.match(/[A-Za-z_]+/g));
      return words.intersection(others).size * 2 >= words.union(others).size;
    });
    if (group) group.push(text);
    else groups.push([text]);
  }
  return groups;
}

/** Who calls what, for messages that are handed to a function which makes the failure of them. */
class Calls {
  readonly #calls = new Map<string, ts.CallExpression[]>();

  constructor(sources: readonly ts.SourceFile[]) {
    const look = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
        const known = this.#calls.get(node.expression.text) ?? [];
        this.#calls.set(node.expression.text, [...known, node]);
      }
      ts.forEachChild(node, look);
    };
    sources.forEach(look);
  }

  /** What the parameters stand for, once for each call where the message is one of them, else once without any. */
  of(message: ts.Expression, depth = 0): Arguments[] {
    const none: Arguments[] = [new Map()];
    if (hasWords(wordings(message)) || beginsWithWord(message) || depth > 3) return none;
    const first = parametersIn(message).at(-1);
    const from = first && parameterOf(message, first.text)?.of;
    const name = from && nameOf(from);
    if (from === undefined || name === undefined) return none;
    const sites = (this.#calls.get(name) ?? []).filter((call) => seenFrom(call, from));
    if (sites.length === 0) return none;
    return sites.flatMap((call) => {
      const handed = (outer: Arguments): Arguments =>
        new Map(
          from.parameters.flatMap((parameter, index) => {
            const value = call.arguments[index];
            return ts.isIdentifier(parameter.name) && value ? [[parameter.name.text, { value, args: outer }]] : [];
          }),
        );
      const place = parameterOf(message, first?.text ?? '')?.index ?? 0;
      const value = call.arguments[place];
      return value === undefined ? [handed(new Map())] : this.of(value, depth + 1).map(handed);
    });
  }
}

/** A local function is called in its own file, an exported one anywhere. */
function seenFrom(call: ts.CallExpression, target: ts.SignatureDeclaration): boolean {
  if (call.getSourceFile() === target.getSourceFile()) return true;
  return (
    ts.isFunctionDeclaration(target) &&
    (target.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function nameOf(target: ts.SignatureDeclaration): string | undefined {
  if (target.name) return target.name.getText();
  return ts.isVariableDeclaration(target.parent) ? target.parent.name.getText() : undefined;
}

/** Parameters that are told as they are; the innermost function's last. */
function parametersIn(message: ts.Expression): ts.Identifier[] {
  const parts = ts.isTemplateExpression(message)
    ? message.templateSpans.map(({ expression }) => expression)
    : [message];
  const depth = (name: ts.Identifier): number => parameterOf(name, name.text)?.of.pos ?? -1;
  return parts
    .filter(ts.isIdentifier)
    .filter((name) => depth(name) >= 0)
    .sort((a, b) => depth(a) - depth(b));
}

/** `cannot ${what}` is one message, whatever it is that cannot be done. */
function beginsWithWord(message: ts.Expression): boolean {
  return ts.isTemplateExpression(message) && /^\w+ /.test(message.head.text);
}

function hasWord(texts: readonly string[]): boolean {
  return texts.some((text) => /[A-Za-z]{2,}/.test(text));
}

/** Whether some fixed words are in each, so that one can tell it from others. */
export function hasWords(messages: readonly string[]): boolean {
  return messages.every((message) =>
    message.split(blank).some((part) => (part.match(/[A-Za-z]{2,}/g) ?? []).length >= 3),
  );
}

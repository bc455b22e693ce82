import { LineCounter, parseDocument } from 'yaml';
import type { Findings } from '../config/findings.ts';

/** A file as plain values. */
export interface FleetDocument {
  /** Objects, arrays and texts: numbers and words such as `on` are the text that was written. */
  readonly value: unknown;
  /** The line, from 1, of what stands at this path; of the nearest thing around it where that is not there. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** What is wrong with a line, by the parser's code. Its own words may quote the line, with a password in it. */
const wordsOf: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'has a name that already stands above it',
  TAB_AS_INDENT: 'is indented with a tab; use spaces',
  BAD_SCALAR_START: 'has a value that begins with @ or `; put it into quotes',
  BLOCK_AS_IMPLICIT_KEY: 'has a second colon; put the value into quotes',
};

/**
 * Reads YAML, of which JSON is a part. Problems go to the findings, without any text of the file.
 * @param name what messages call the file.
 * @returns undefined after a problem.
 */
export function readDocument(text: string, name: string, findings: Findings): FleetDocument | undefined {
  let lines = new LineCounter();
  const parse = () =>
    parseDocument(text, { schema: 'failsafe', prettyErrors: false, logLevel: 'silent', lineCounter: lines });
  // Many times as large as its values: it is made again where a line is asked for.
  const document = parse();
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  for (const { code, pos } of document.errors) {
    findings.problem(`${name}, line ${lineAt(pos[0])} ${wordsOf[code] ?? `is not well-formed YAML (${code})`}`);
  }
  if (document.errors.length > 0) return undefined;
  let value: unknown;
  try {
    value = document.toJS();
  } catch {
    findings.problem(`${name} has an alias (*) that stands for nothing, or for too much; write the values out`);
    return undefined;
  }
  let again: ReturnType<typeof parse> | undefined;
  return {
    value,
    lineOf: (path) => {
      if (!again) {
        lines = new LineCounter();
        again = parse();
      }
      for (let length = path.length; length > 0; length -= 1) {
        const node = again.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined;
        if (node?.range?.[0] !== undefined) return lineAt(node.range[0]);
      }
      return 1;
    },
  };
}

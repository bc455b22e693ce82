import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  FAILSAFE_SCHEMA,
  getScalarValue,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import type { Findings } from '../config/findings.ts';

/** A file as plain values. */
export interface FleetDocument {
  /** Objects, arrays and texts: numbers and words such as `on` are the text that was written. */
  readonly value: unknown;
  /** The line, from 1, of what stands at this path; of the nearest thing around it where that is not there. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** What is wrong, by what the parser says. Its own words may quote the line, with a password in it. */
const words: readonly (readonly [said: RegExp, ours: string])[] = [
  [/^duplicated mapping key/, 'has a name that already stands above it'],
  [/tab char/, 'is indented with a tab; use spaces'],
  [
    /^bad indentation/,
    'has a value that needs quotes (with a second colon, or a sign such as @), or is indented wrongly',
  ],
  [/^unidentified alias/, 'has an alias (*) that stands for nothing; write the value out'],
  [/^unexpected end/, 'has a quote or bracket that is not closed'],
];

/**
 * Reads YAML, of which JSON is a part. The first problem goes to the findings, without any text of the file.
 * @param name what messages call the file.
 * @returns undefined after a problem.
 */
export function readDocument(text: string, name: string, findings: Findings): FleetDocument | undefined {
  try {
    const events = parseEvents(text, {});
    const [value, ...others] = constructFromEvents(events, { source: text, schema: FAILSAFE_SCHEMA });
    if (others.length > 0) findings.problem(`${name} holds several documents (---); a fleet is one`);
    return { value, lineOf: finder(text, events) };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { reason, mark } = error;
    const said = words.find(([pattern]) => pattern.test(reason))?.[1] ?? 'is not well-formed YAML';
    findings.problem(`${name}, line ${(mark?.line ?? 0) + 1} ${said}`);
    return undefined;
  }
}

/** Finds lines in the flat list of events, of which each collection's end is one. */
function finder(text: string, events: readonly Event[]): FleetDocument['lineOf'] {
  const known = new Map<number, readonly number[]>();
  const childrenOf = (at: number): readonly number[] => {
    const children = known.get(at) ?? childrenAt(events, at);
    known.set(at, children);
    return children;
  };
  const find = (at: number, [first, ...rest]: readonly PropertyKey[]): number => {
    const event = events[at];
    if (first === undefined || !event) return at;
    const children = childrenOf(at);
    if (event.type === EVENT_ID.SEQUENCE) {
      const child = typeof first === 'number' ? children[first] : undefined;
      return child === undefined ? at : find(child, rest);
    }
    for (let index = 0; index < children.length; index += 2) {
      const [key = at, value = at] = children.slice(index, index + 2);
      const scalar = events[key];
      if (scalar?.type !== EVENT_ID.SCALAR || getScalarValue(text, scalar) !== first) continue;
      return rest.length === 0 ? key : find(value, rest);
    }
    return at;
  };
  let ends: number[] | undefined;
  return (path) => {
    const event = events[find(1, path)];
    const offset = event && ('valueStart' in event ? event.valueStart : 'start' in event ? event.start : 0);
    ends ??= [...text.matchAll(/\n/g)].map(({ index }) => index);
    return 1 + countBelow(ends, offset ?? 0);
  };
}

/** Where what a collection holds begins: the entries of a list; names and values, by turns. */
function childrenAt(events: readonly Event[], at: number): number[] {
  const children: number[] = [];
  let depth = 0;
  for (let index = at + 1; index < events.length && depth >= 0; index += 1) {
    const type = events[index]?.type;
    if (type === EVENT_ID.POP) depth -= 1;
    else {
      if (depth === 0) children.push(index);
      if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth += 1;
    }
  }
  return children;
}

/** How many of the ascending numbers are below this one. */
function countBelow(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? limit) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

import * as z from 'zod';
import { rootFiles } from '../catalog/keys.ts';
import type { Findings } from '../config/findings.ts';
import { Secret } from '../config/secret.ts';
import { parseUrl, UrlProblem } from '../config/url.ts';
import { parameterNames } from '../config/url-parameters.ts';
import { type FleetDocument, readDocument } from './document.ts';

/** Where the URL of a member's database is. */
export type UrlSource =
  | { readonly kind: 'url'; readonly url: Secret }
  /** The name of an environment variable. */
  | { readonly kind: 'env'; readonly name: string }
  /** As it is written: relative to the folder of the fleet file. */
  | { readonly kind: 'file'; readonly path: string };

/** One database of a fleet, or one server with several, as the file names it. */
export interface FleetMember {
  /** Also the folder of its backups. */
  readonly name: string;
  readonly source: UrlSource;
  /** Variables by name, besides the defaults. */
  readonly set: Settings;
}

/** Variables and their values, as the file has them. */
export type Settings = Readonly<Record<string, string>>;

/** What a fleet file says. */
export interface FleetFile {
  readonly defaults: Settings;
  /** In the order of the file, each name once. */
  readonly members: readonly FleetMember[];
  /** Where a member stands, for messages: `member shop (line 12)`. */
  readonly describe: (member: FleetMember) => string;
}

const settings = z.record(z.string(), z.string());
const member = z.strictObject({
  name: z.string(),
  url: z.string().optional(),
  urlEnv: z.string().optional(),
  urlFile: z.string().optional(),
  set: settings.optional(),
});
const file = z.union([
  z.array(z.unknown()).transform((members) => ({ defaults: {}, members })),
  z.strictObject({ defaults: settings.default({}), members: z.array(z.unknown()) }),
]);

const fields = Object.keys(member.shape);
const example = '- { name: shop, urlEnv: SHOP_DATABASE_URL }';
/** Names of folders that every store, shell and file system takes as they are. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Reads a fleet file. Every problem is told with its member and field, none with a value that could be secret.
 * @param name what messages call the file.
 * @returns what could be understood; undefined where the file as a whole could not.
 */
export function parseFleetFile(text: string, name: string, findings: Findings): FleetFile | undefined {
  const document = readDocument(text, name, findings);
  if (document === undefined) return undefined;
  const isList = Array.isArray(document.value);
  const parsed = file.safeParse(document.value);
  if (!parsed.success) {
    tellShape(document, name, findings);
    return undefined;
  }
  const { defaults, members } = parsed.data;
  if (members.length === 0) findings.problem(`${name} names no member; write one like ${example}`);
  const lineOf = (index: number): number => document.lineOf(isList ? [index] : ['members', index]);
  const read: FleetMember[] = [];
  const indices = new Map<FleetMember, number>();
  for (const [index, value] of members.entries()) {
    const label = (called: unknown): string => {
      // Another text may be anything, also the URL of the next line.
      const shown = typeof called === 'string' && namePattern.test(called) ? called : `number ${index + 1}`;
      return `${name}: member ${shown} (line ${lineOf(index)})`;
    };
    const one = readMember(value, label, findings);
    if (one === undefined) continue;
    read.push(one);
    indices.set(one, index);
  }
  const describe = (one: FleetMember): string => `${name}: member ${one.name} (line ${lineOf(indices.get(one) ?? 0)})`;
  refuseSameNames(read, describe, findings);
  warnOfPasswords(read, name, findings);
  return { defaults, members: read, describe };
}

/** What is wrong with the file as a whole: a list with a name is easily forgotten. */
function tellShape(document: FleetDocument, name: string, findings: Findings): void {
  const { value } = document;
  if (typeof value !== 'object' || value === null) {
    findings.problem(`${name} is neither a list of members nor has one; write it like ${example}`);
    return;
  }
  const { defaults, members, ...others } = value as Record<string, unknown>;
  for (const other of Object.keys(others)) {
    findings.problem(
      `${name}, line ${document.lineOf([other])}: ${shownField(other)} is neither defaults nor members, which are all there is at the top`,
    );
  }
  if (!Array.isArray(members))
    findings.problem(`${name} has no list of members; write it like members: [ ${example.slice(2)} ]`);
  if (defaults !== undefined && !settings.safeParse(defaults).success) {
    findings.problem(
      `${name}, line ${document.lineOf(['defaults'])}: defaults are names of variables, each with one value, like KEEP_DAILY: 7`,
    );
  }
}

function readMember(value: unknown, label: (name: unknown) => string, findings: Findings): FleetMember | undefined {
  const given =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  const parsed = member.safeParse(value);
  const problems = parsed.success ? [] : parsed.error.issues.flatMap((issue) => wordsOfIssue(issue, given));
  const name = given['name'];
  if (typeof name === 'string' && !problems.some((problem) => problem.startsWith('name '))) {
    problems.push(...problemsOfName(name));
  }
  const sources = ['url', 'urlEnv', 'urlFile'].filter((field) => given[field] !== undefined);
  if (parsed.success || given === value) {
    if (sources.length === 0) problems.push('says nowhere where its database is: give it url, urlEnv or urlFile');
    if (sources.length > 1) problems.push(`has ${sources.join(' and ')}; keep one of them`);
  }
  if (parsed.success) problems.push(...problemsOfSource(parsed.data));
  if (problems.length > 0) {
    const where = label(name);
    for (const problem of problems) findings.problem(`${where} ${problem}`);
  }
  if (!parsed.success || problems.length > 0) return undefined;
  const { url, urlEnv, urlFile = '', set = {} } = parsed.data;
  const source: UrlSource =
    url !== undefined
      ? { kind: 'url', url: new Secret(url.trim()) }
      : urlEnv !== undefined
        ? { kind: 'env', name: urlEnv }
        : { kind: 'file', path: urlFile };
  return { name: parsed.data.name, source, set };
}

function wordsOfIssue(issue: z.core.$ZodIssue, given: object): string[] {
  const [field, inner] = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `has ${shownField(key)}, which is none of ${fields.join(', ')}`);
  }
  if (field === undefined) return [`is no member; write it like ${example}`];
  if (inner !== undefined) return [`set ${shownField(inner)} is not one value; lists are written as "a,b"`];
  if (field === 'set') return ['set is not names of variables with a value each, like set: { KEEP_DAILY: 7 }'];
  return [Object.hasOwn(given, field) ? `${field} is not a text` : `has no ${field}`];
}

function problemsOfName(name: string): string[] {
  if (!namePattern.test(name)) {
    return ['name is no name of a folder: letters, digits, dots, dashes and underscores, at most 100'];
  }
  const isTaken = Object.values<string>(rootFiles).includes(name) || /^fleet-.*\.json$/.test(name);
  return isTaken ? ['name is that of a file beside the members'] : [];
}

function problemsOfSource({ url, urlEnv, urlFile }: z.infer<typeof member>): string[] {
  if (urlEnv !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(urlEnv)) {
    return ['urlEnv is no name of an environment variable'];
  }
  if (urlFile?.trim() === '') return ['urlFile is empty'];
  if (url === undefined) return [];
  try {
    parseUrl(url.trim(), parameterNames);
    return [];
  } catch (error) {
    if (error instanceof UrlProblem) return [`url ${error.message}`];
    throw error;
  }
}

/** Folders that differ in case only are one and the same in some file systems. */
function refuseSameNames(
  members: readonly FleetMember[],
  describe: (member: FleetMember) => string,
  findings: Findings,
): void {
  const seen = new Map<string, FleetMember>();
  for (const one of members) {
    const first = seen.get(one.name.toLowerCase());
    if (first === undefined) seen.set(one.name.toLowerCase(), one);
    else findings.problem(`${describe(one)} has the name of ${describe(first).replace(/^.*: /, '')}; names are unique`);
  }
}

function warnOfPasswords(members: readonly FleetMember[], name: string, findings: Findings): void {
  const those = members.filter(
    ({ source }) => source.kind === 'url' && parseUrl(source.url.reveal(), parameterNames).password !== undefined,
  );
  const [first] = those;
  if (first === undefined) return;
  const others = those.length > 1 ? ` and ${those.length - 1} more` : '';
  findings.warn(
    `${name} holds the password of ${first.name}${others}: whoever can read the file can log in; urlEnv and urlFile keep passwords elsewhere`,
  );
}

/** Without its space behind the colon, as in `{url:postgres://…}`, a value is part of the name, and it may be secret. */
function shownField(name: string): string {
  return /^\w{1,100}$/.test(name) ? name : 'a name with a sign in it (is the space behind a colon missing?)';
}

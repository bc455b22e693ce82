import { makeExactValidator, type ValidatorSpec } from 'envalid';
import type { Kind } from './kinds.ts';

/** What people need to know about one environment variable. */
export interface About {
  /** What it does, for the README: one or two sentences. */
  readonly words: string;
  /** A good value. */
  readonly example: string;
  /** Written as a user would write it. */
  readonly default?: string;
  /** Other names for the same thing. Two of them with different values are a problem. */
  readonly aliases?: readonly string[];
  /** Names that belong to other programs: read, in this order, where none of our own is set. */
  readonly fallbacks?: readonly string[];
  /** Its value must never be shown. Implies `file`. */
  readonly secret?: boolean;
  /** May also come as the content of the file that `<NAME>_FILE` names. */
  readonly file?: boolean;
}

/** One environment variable: what people need to know, and how envalid reads it. */
export interface Variable<T> extends About {
  readonly kind: string;
  readonly spec: ValidatorSpec<NonNullable<T>>;
  /** The default as a value. */
  readonly fallback: T;
}

/** The values of a table of variables. */
export type ValuesOf<Table> = { readonly [Name in keyof Table]: Table[Name] extends Variable<infer T> ? T : never };

/** One environment variable, which has a value even where it is not set if there is a default. */
export function variable<T, A extends About>(
  kind: Kind<T>,
  about: A,
): Variable<A extends { readonly default: string } ? T : T | undefined> {
  type Value = A extends { readonly default: string } ? T : T | undefined;
  const fallback = about.default === undefined ? undefined : kind.parse(about.default);
  const spec = makeExactValidator(kind.parse)({ desc: about.words, example: about.example, default: undefined });
  return { ...about, kind: kind.words, spec, fallback: fallback as Value } as Variable<Value>;
}

/** Whether the variable may come from a file. */
export function mayComeFromFile(about: About): boolean {
  return about.secret === true || about.file === true;
}

/** Every name that sets the variable, the documented one first. */
export function namesOf(name: string, about: About): string[] {
  return [name, ...(about.aliases ?? []), ...(about.fallbacks ?? [])];
}

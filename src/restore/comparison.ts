import type { LeftOut } from './leave-out.ts';

/** One thing that was compared. */
export interface Comparison {
  /** `table public.orders`, `indexes`, `sequence public.orders_id_seq`, `extension hstore`. */
  readonly what: string;
  readonly expected: string;
  /** Empty where it was not looked at. */
  readonly found: string;
  readonly outcome: 'same' | 'different' | 'not compared';
  /** Why it was not compared; undefined where it was. */
  readonly reason: string | undefined;
}

/** What can be compared after a restore of only a part. */
export interface CompareScope {
  /** Tables whose rows must be there; the others are left out of the comparison. */
  readonly table: (schema: string, name: string) => boolean;
  /** Tables, views or sequences that were asked for by name: there must be one of each name. */
  readonly named: readonly string[];
  /** Objects of every kind were restored, and extensions: their numbers are compared too. */
  readonly whole: boolean;
  /** Rows were restored, and with them the values of sequences, and large objects. */
  readonly rows: boolean;
  /** The target held other objects before, so that numbers of objects say nothing. */
  readonly addedTo: boolean;
  /** Grants were restored. */
  readonly privileges: boolean;
  /** What was left out of the restore, and is not there to be compared. */
  readonly leftOut: readonly LeftOut[];
}

/** The outcome of one comparison. */
export function compare(what: string, expected: string, found: string): Comparison {
  return { what, expected, found, outcome: expected === found ? 'same' : 'different', reason: undefined };
}

/** Something that the manifest has and that could not be compared. */
export function notCompared(what: string, expected: string, reason: string): Comparison {
  return { what, expected, found: '', outcome: 'not compared', reason };
}

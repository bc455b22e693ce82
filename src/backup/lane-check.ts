import { Failure } from '../errors.ts';
import type { Table } from '../postgres/tables.ts';

/** A lane that was dumped. */
export interface DumpedLane {
  readonly lane: string;
  /** The tables that it named. */
  readonly tables: readonly Table[];
  /** What pg_dump said that it dumps the contents of, as it prints it. */
  readonly announced: readonly string[];
}

/**
 * Makes sure, by what each pg_dump has said, that together they dumped every table once: each that a lane names in that
 * lane, and no other in two. It is the last of several defences; a failure means that pg_dump took a name otherwise.
 * @param all the tables of the database. Nothing is demanded of those that only pg_dump knows whether to dump, nor where
 * a name holds a line break, since such names cannot be told apart in what pg_dump says.
 * @param rowsLeftOut the rows of some tables were to be left out.
 * @throws {Failure} `dump` naming a table.
 */
export function checkLanes(lanes: readonly DumpedLane[], all: readonly Table[], rowsLeftOut: boolean): void {
  const told = countBy(lanes.flatMap(({ announced }) => announced));
  const possible = countBy(all.map(({ printed }) => printed));
  const sure = countBy(
    all
      .filter(({ ofExtension, inExtension, unlogged }) => !ofExtension && !inExtension && !unlogged)
      .map(({ printed }) => printed),
  );
  const isLegible = !all.some(({ printed }) => printed.includes('\n'));
  for (const { lane, tables, announced } of lanes) {
    const said = countBy(announced);
    for (const [name, times] of countBy(tables.map(({ printed }) => printed))) {
      if (!rowsLeftOut && (said.get(name) ?? 0) < times) throw astray(`${name} is not in the lane ${lane} of the dump`);
    }
  }
  for (const [name, times] of possible) {
    const found = told.get(name) ?? 0;
    if (isLegible && found > times) throw astray(`${name} is in two lanes of the dump`);
    if (isLegible && !rowsLeftOut && found < (sure.get(name) ?? 0)) throw astray(`${name} is in no lane of the dump`);
  }
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function astray(what: string): Failure {
  return new Failure('dump', `table ${what}`, {
    hint: 'pg_dump took its name otherwise than was meant. Set JOBS=1, and please report it with the name of the table.',
    retryable: false,
  });
}

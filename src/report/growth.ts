import type { Run, TableRows } from './history.ts';

const dayMs = 86_400_000;
/** Growth is told over this long, or as long as there are backups. */
const windowMs = 30 * dayMs;
/** How many tables are shown for being large, and how many more for growing fast. */
const shownLargest = 8;
const shownFastest = 4;

/** How many rows one table had over time. */
export interface TableGrowth {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  readonly exact: boolean;
  /** Since {@link Growth.since}; undefined for a table that was not there, or not counted, or not among the largest. */
  readonly added: number | undefined;
  /** Oldest first. */
  readonly series: readonly { readonly at: Date; readonly rows: number }[];
}

/** The largest and the fastest growing tables. */
export interface Growth {
  /** When the backup was made that the newest one is compared with; undefined where there is none. */
  readonly since: Date | undefined;
  /** Largest first. */
  readonly tables: readonly TableGrowth[];
  /** How many tables the newest backup has besides. */
  readonly others: number;
}

/** How tables grow, by those backups whose tables are remembered; undefined where there is none. */
export function growthOf(runs: readonly Run[]): Growth | undefined {
  const remembered = runs.flatMap(({ startedAt, facts }) =>
    facts?.tables && facts.tables.length > 0 ? [{ at: startedAt, tables: byName(facts.tables), facts }] : [],
  );
  const newest = remembered.at(-1);
  if (!newest) return undefined;
  const wanted = newest.at.getTime() - windowMs;
  const [before] = remembered
    .slice(0, -1)
    .sort((a, b) => Math.abs(a.at.getTime() - wanted) - Math.abs(b.at.getTime() - wanted));
  const all = [...newest.tables].map(([key, table]): TableGrowth => {
    const then = before?.tables.get(key)?.rows;
    const series = remembered.flatMap(({ at, tables }) => {
      const rows = tables.get(key)?.rows;
      return rows === undefined ? [] : [{ at, rows }];
    });
    return { ...table, added: then === undefined ? undefined : table.rows - then, series };
  });
  const largest = all.toSorted((a, b) => b.rows - a.rows);
  const shown = new Set(largest.slice(0, shownLargest));
  const fastest = all.toSorted((a, b) => (b.added ?? 0) - (a.added ?? 0)).filter((table) => !shown.has(table));
  for (const table of fastest.slice(0, shownFastest)) if ((table.added ?? 0) > 0) shown.add(table);
  return {
    since: before?.at,
    tables: largest.filter((table) => shown.has(table)),
    others: newest.facts.tableCount - shown.size,
  };
}

function byName(tables: readonly TableRows[]): Map<string, TableRows> {
  return new Map(tables.map((table) => [JSON.stringify([table.schema, table.name]), table]));
}

import { mostDataLanes } from '../catalog/lane-names.ts';

/** A table whose contents can be dumped by its name. */
export interface LaneTable {
  readonly schema: string;
  readonly name: string;
  /** About what its rows come to in a dump. */
  readonly bytes: number;
}

/** Tables that one `pg_dump` takes. */
export interface TableGroup<Table extends LaneTable> {
  /** Largest first. */
  readonly tables: readonly Table[];
  readonly bytes: number;
}

/** How the contents of a database are divided. */
export interface Division<Table extends LaneTable> {
  /** Largest first; none where there is nothing to be divided. Each table is in one of them, or else in the rest. */
  readonly groups: readonly TableGroup<Table>[];
  /** Of everything that is in no group. */
  readonly restBytes: number;
}

/** What is less is not worth a `pg_dump` of its own, which reads the whole catalog first. */
const leastGroupBytes = 64 * 1024 ** 2;
/**
 * The same for each millisecond that a round trip to the server takes: pg_dump 15 makes about a hundred of them before its
 * first row, and four times as long should it then take at 25 MB/s.
 */
const leastGroupBytesPerMs = 10_000_000;
/** So many groups for each `pg_dump` that runs at once: one that ends early takes the next. */
const groupsPerJob = 4;
/** Names are arguments of one process: Linux allows 2 MiB of them, and each of them is a query. */
const mostNamed = 4000;
const mostNameBytes = 512 * 1024;
/** A table is small where so many of its size are less than a group. */
const smallest = 50;
/** So many times shorter has the longest to be for more tables to be named. */
const worthNames = 1.03;

/**
 * Divides tables into balanced groups, so many for each `pg_dump` that runs at once. What is small together is left to the
 * rest, which is a group like the others.
 * @param jobs how many `pg_dump` run at once; at least 2.
 * @param otherBytes of what the rest has besides: large objects, tables that cannot be named.
 * @param roundTripMs to the server.
 */
export function divideTables<Table extends LaneTable>(
  tables: readonly Table[],
  jobs: number,
  otherBytes: number,
  roundTripMs: number,
): Division<Table> {
  const total = otherBytes + bytesOf(tables);
  const least = Math.max(leastGroupBytes, roundTripMs * leastGroupBytesPerMs);
  // A few more than run at once would leave most of them idle at the end.
  const perJob = Math.max(1, Math.min(groupsPerJob, Math.floor(total / least / jobs)));
  const parts = Math.min(mostDataLanes + 1, perJob * jobs);
  const sorted = nameable(tables.toSorted((a, b) => b.bytes - a.bytes));
  // The largest, until what is left is no more than a group: few names, but the rest may be less than the others.
  const named: Table[] = [];
  let restBytes = total;
  for (const table of sorted) {
    if (restBytes <= total / parts) break;
    named.push(table);
    restBytes -= table.bytes;
  }
  const few = { groups: deal(named, parts - 1, Infinity).groups, restBytes };
  // All but small ones, some of them to the rest.
  const large = sorted.filter(({ bytes }) => bytes * smallest >= total / parts);
  const even = deal(large, parts - 1, total - bytesOf(large));
  return longest(even) * worthNames < longest(few) ? even : few;
}

/** Of tables with the largest first, as many as may be named. */
function nameable<Table extends LaneTable>(tables: readonly Table[]): readonly Table[] {
  let nameBytes = 0;
  const end = tables.findIndex((table, index) => {
    nameBytes += Buffer.byteLength(tablePattern(table)) + 32;
    return table.bytes === 0 || index === mostNamed || nameBytes > mostNameBytes;
  });
  return end === -1 ? tables : tables.slice(0, end);
}

/** Deals tables, the largest first: each to the group that is the lightest by then, or to the rest where that is lighter. */
function deal<Table extends LaneTable>(tables: readonly Table[], most: number, restBytes: number): Division<Table> {
  const groups = Array.from({ length: Math.min(most, tables.length) }, () => ({ tables: [] as Table[], bytes: 0 }));
  let rest = restBytes;
  for (const table of tables) {
    const [first, ...others] = groups;
    if (!first) break;
    const lightest = others.reduce((least, group) => (group.bytes < least.bytes ? group : least), first);
    if (rest < lightest.bytes) {
      rest += table.bytes;
    } else {
      lightest.tables.push(table);
      lightest.bytes += table.bytes;
    }
  }
  return { groups: groups.toSorted((a, b) => b.bytes - a.bytes), restBytes: rest };
}

function bytesOf(tables: readonly LaneTable[]): number {
  return tables.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What the one has to do that has most. */
function longest({ groups, restBytes }: Division<LaneTable>): number {
  return Math.max(restBytes, groups[0]?.bytes ?? 0);
}

/**
 * The pattern that means this table alone to `pg_dump`: within quotes nothing but the quote itself is special, whatever
 * characters the name has.
 */
export function tablePattern({ schema, name }: Pick<LaneTable, 'schema' | 'name'>): string {
  return [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** What `JOBS=auto` goes by. */
export interface Means {
  /** Free for this database. */
  readonly cores: number;
  /** Connections that the server would still allow. */
  readonly freeConnections: number;
  /** On disk, of everything that is dumped, and of the largest table of it. */
  readonly bytes: number;
  readonly largestBytes: number;
}

/** More would be for a machine that does nothing else, and its owner can say so. */
const mostAutomatic = 8;
/** Up to this size one `pg_dump` is through within seconds. */
const smallBytes = 512 * 1024 ** 2;
/** With less than this to win, one object is simpler. */
const leastGain = 1.3;

/** How many `pg_dump` at once are worth it and do no harm: half of the free connections stay free. */
export function automaticJobs({ cores, freeConnections, bytes, largestBytes }: Means): number {
  // One more holds the snapshot already.
  const jobs = Math.min(cores, mostAutomatic, Math.floor(freeConnections / 2));
  if (bytes < smallBytes || jobs < 2) return 1;
  return bytes / Math.max(largestBytes, bytes / jobs) < leastGain ? 1 : jobs;
}

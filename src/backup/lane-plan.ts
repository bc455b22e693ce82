import { availableParallelism } from 'node:os';
import type pg from 'pg';
import { dataLane, restLane, schemaLane } from '../catalog/lane-names.ts';
import type { Config, SourceConfig } from '../config/config.ts';
import { partVariables } from '../config/dump-filters.ts';
import type { Census } from '../postgres/census.ts';
import { dumpedSizes } from '../postgres/dumped-sizes.ts';
import type { DumpPart } from '../postgres/dump.ts';
import { automaticJobs, divideTables, tablePattern } from '../postgres/lanes.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { ServerFacts, Session } from '../postgres/session.ts';
import type { Table } from '../postgres/tables.ts';

/** One of the artifacts that a dump is to be made of. */
export interface PlannedLane {
  readonly lane: string;
  readonly part: DumpPart;
  /** Of what it dumps, on disk. */
  readonly bytes: number;
  /** About what its dump comes to, before it is compressed. */
  readonly dumpBytes: number;
  /** What it names. */
  readonly tables: readonly Table[];
}

/** How a dump is to be made in lanes. */
export interface LanePlan {
  /** How many run at once. */
  readonly jobs: number;
  /** Set where the server would not allow as many connections as were asked for. */
  readonly jobsAsked: number | undefined;
  /**
   * What else may be dumped at the same time: nobody asked for these connections, so half of the free ones stay free.
   * Definitions are nearly all round trips, some hundred of them, and the lane that came after them would be the last to
   * end where the server is far.
   */
  readonly beside: { readonly definitions: boolean; readonly globals: boolean };
  /** Definitions, named tables from the largest group on, the rest. */
  readonly lanes: readonly [PlannedLane, ...PlannedLane[]];
}

/** Arguments of pg_dump that say the same to each of several as to one. */
const sameToAll =
  /^(-[Ox]+|--no-(owner|privileges|acl|comments|publications|subscriptions|security-labels|policies|tablespaces|toast-compression|table-access-method))$/;

/** The settings that keep a dump from being divided, in words; undefined where nothing does. */
export function notDivisible(source: SourceConfig): string | undefined {
  const names = new Set(partVariables(source));
  if (!source.dumpArgs.every((word) => sameToAll.test(word))) names.add('PG_DUMP_ARGS');
  return names.size === 0 ? undefined : [...names].join(', ');
}

/**
 * Plans the lanes of a dump from what the snapshot shows; undefined where one artifact is better, or all that is possible.
 * @throws {Failure} `database`.
 */
export async function planLanes(
  { source, form, databases }: Pick<Config, 'source' | 'form' | 'databases'>,
  { client, server, roundTripMs }: Pick<Session, 'client' | 'server' | 'roundTripMs'>,
  { tables }: Pick<Census, 'tables'>,
): Promise<LanePlan | undefined> {
  if (form.jobs === 1 || form.format === 'plain' || notDivisible(source) !== undefined) return undefined;
  const facts = await askFacts(client);
  const onDisk = (some: readonly Table[]): number => some.reduce((sum, { wholeBytes }) => sum + wholeBytes, 0);
  const bytes = onDisk(tables) + facts.largeObjectBytes;
  const asked =
    form.jobs === 'auto'
      ? automaticJobs({
          cores: Math.floor(availableParallelism() / (databases?.concurrency ?? 1)),
          freeConnections: facts.freeConnections,
          bytes,
          largestBytes: tables.reduce((most, { wholeBytes }) => Math.max(most, wholeBytes), facts.largeObjectBytes),
        })
      : form.jobs;
  if (asked === 1) return undefined;
  // With the first that it refuses all would be lost.
  const jobs = Math.max(1, Math.min(asked, facts.freeConnections));
  const isUtf8 = server.encoding === 'UTF8' && !facts.otherEncoding && !setsEncoding(source);
  const named = tables.filter((table) => isNameable(table, server, isUtf8));
  const sizes = facts.mayReadStatistics ? await dumpedSizes(client, tables) : new Map<number, number>();
  const sizeOf = ({ oid, wholeBytes }: Table): number => sizes.get(oid) ?? wholeBytes;
  const dumped = (some: readonly Table[]): number => some.reduce((sum, table) => sum + sizeOf(table), 0);
  const division = divideTables(
    named.map((table) => ({ ...table, bytes: sizeOf(table) })),
    asked,
    dumped(tables) + facts.largeObjectBytes - dumped(named),
    roundTripMs,
  );
  if (division.groups.length === 0) return undefined;
  const patterns = division.groups.map((group) => group.tables.map(tablePattern));
  return {
    jobs,
    jobsAsked: jobs < asked ? asked : undefined,
    beside: { definitions: facts.freeConnections >= 2 * (jobs + 1), globals: facts.freeConnections >= 2 * (jobs + 2) },
    lanes: [
      { lane: schemaLane, part: 'definitions', bytes: 0, dumpBytes: 0, tables: [] },
      ...division.groups.map((group, index) => ({
        lane: dataLane(index + 1),
        part: { contentsOf: patterns[index] ?? [] },
        bytes: onDisk(group.tables),
        dumpBytes: group.bytes,
        tables: group.tables,
      })),
      {
        lane: restLane,
        part: { contentsWithout: patterns.flat() },
        bytes: bytes - onDisk(division.groups.flatMap((group) => group.tables)),
        dumpBytes: division.restBytes,
        tables: [],
      },
    ],
  };
}

/**
 * Whether naming a table makes pg_dump dump what it would dump unasked, and the name arrives as it is: arguments are in
 * UTF-8. Whatever is not named is in the rest.
 */
function isNameable({ schema, name, ...table }: Table, server: ServerFacts, isUtf8: boolean): boolean {
  if (table.ofExtension || table.inExtension || (table.unlogged && server.inRecovery)) return false;
  return isUtf8 || /^[\x20-\x7e]*$/.test(schema + name);
}

/** Whether the connection's own settings make pg_dump read its arguments in another encoding. */
function setsEncoding({ connection }: SourceConfig): boolean {
  const { PGCLIENTENCODING, PGOPTIONS } = connection.libpqEnvironment;
  return PGCLIENTENCODING !== undefined || PGOPTIONS?.includes('client_encoding') === true;
}

interface FactsRow extends Pick<Facts, 'mayReadStatistics' | 'otherEncoding'> {
  readonly free: string;
  readonly large: string;
}

interface Facts {
  readonly freeConnections: number;
  readonly largeObjectBytes: number;
  readonly mayReadStatistics: boolean;
  /** Sessions may begin in another encoding than that of the database. */
  readonly otherEncoding: boolean;
}

async function askFacts(client: pg.Client): Promise<Facts> {
  try {
    const { rows } = await client.query<FactsRow>(`
      WITH used AS (SELECT datid, usesysid FROM pg_catalog.pg_stat_activity WHERE datid IS NOT NULL)
      SELECT LEAST(
          current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
            - COALESCE(current_setting('reserved_connections', true)::int, 0) - (SELECT pg_catalog.count(*) FROM used),
          CASE WHEN d.datconnlimit >= 0 AND NOT r.rolsuper THEN d.datconnlimit - (SELECT pg_catalog.count(*) FROM used WHERE datid = d.oid) END,
          CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper THEN r.rolconnlimit - (SELECT pg_catalog.count(*) FROM used WHERE usesysid = r.oid) END
        ) AS free,
        pg_catalog.pg_table_size('pg_catalog.pg_largeobject') AS large,
        pg_catalog.has_table_privilege('pg_catalog.pg_stats', 'SELECT') AS "mayReadStatistics",
        EXISTS (SELECT 1 FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) AS setting
          WHERE setting ILIKE 'client_encoding=%') AS "otherEncoding"
      FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
      WHERE d.datname = pg_catalog.current_database() AND r.rolname = SESSION_USER`);
    const [row] = rows;
    if (!row) throw new Error('the server returned no row');
    const { free, large, ...others } = row;
    return { freeConnections: Number(free), largeObjectBytes: Number(large), ...others };
  } catch (error) {
    throw toDatabaseFailure('ask about sizes and connections', error);
  }
}

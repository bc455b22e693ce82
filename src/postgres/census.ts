import type pg from 'pg';
import type { SourceConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { refuseDroppedFunctions } from './dropped-functions.ts';
import { countObjects } from './object-counts.ts';
import { referencedRoles } from './roles.ts';
import { toDatabaseFailure } from './query-failure.ts';
import { listTables, type Table } from './tables.ts';

/** Tables up to this size on disk are cheap enough for `ROW_COUNTS=auto` to count exactly. */
const cheapBytes = 1024 ** 3;

/** One table whose contents are in the dump. */
export interface TableCount {
  readonly schema: string;
  readonly name: string;
  /** Null where it was not counted and the server has no estimate. */
  readonly rows: number | null;
  /** False for the planner's estimate. */
  readonly exact: boolean;
}

/** What a backup holds, as its snapshot shows it: the yardstick of every later drill. */
export interface Contents {
  /** True where the dump was told to leave something out; then `objects` is null. */
  readonly filtered: boolean;
  readonly tables: readonly TableCount[];
  readonly objects: Readonly<Record<string, number>> | null;
  readonly extensions: readonly { readonly name: string; readonly version: string; readonly schema: string }[];
  /** Roles that objects belong to or are granted to. */
  readonly roles: readonly string[];
  /**
   * Values of sequences, null for one never used. Sequences do not belong to snapshots: the dump, which reads them a
   * little later, may hold a value that is further on.
   */
  readonly sequences: readonly { readonly schema: string; readonly name: string; readonly value: string | null }[];
}

/**
 * Counts what pg_dump dumps while it dumps it: a table is counted, in the same snapshot, when pg_dump says that it has
 * come to it. So what is in the manifest is what pg_dump itself says is in the dump, whatever filters were given.
 */
export class Census {
  /** Of the whole database, in no order. */
  readonly tables: readonly Table[];
  /** The size on disk of all that will be dumped, in bytes; undefined where something is left out of the dump. */
  readonly wholeBytes: number | undefined;
  readonly #client: pg.Client;
  readonly #mode: SourceConfig['rowCounts'];
  /** By the name that pg_dump prints: `a.b` and `c` make the same one as `a` and `b.c`. Taken out when counted. */
  readonly #tables: Map<string, Table[]>;
  readonly #known: Omit<Contents, 'tables'>;
  readonly #counts: Promise<TableCount>[] = [];
  readonly #dumped: number[] = [];
  #before: Promise<unknown> = Promise.resolve();
  #definitions: Promise<void> | undefined;

  private constructor(
    client: pg.Client,
    mode: SourceConfig['rowCounts'],
    tables: readonly Table[],
    known: Omit<Contents, 'tables'>,
  ) {
    this.#client = client;
    this.#mode = mode;
    this.#tables = Map.groupBy(tables, ({ printed }) => printed);
    this.tables = tables;
    this.wholeBytes = known.filtered ? undefined : tables.reduce((sum, { wholeBytes }) => sum + wholeBytes, 0);
    this.#known = known;
  }

  /**
   * Reads the catalog in the current transaction of the client, which must be the one that exported the snapshot.
   * @throws {Failure} `database` when the catalog cannot be read, `dump` when another session holds a lock on a table
   * for longer than `LOCK_WAIT_TIMEOUT`.
   */
  static async begin(client: pg.Client, source: SourceConfig): Promise<Census> {
    try {
      // Sizing and counting a table waits for its lock, as pg_dump does, and must not wait longer than that.
      await client.query(`SELECT set_config('lock_timeout', $1, false)`, [String(source.lockWaitTimeoutMs)]);
      const filtered = isFiltered(source);
      const tables = await listTables(client);
      return new Census(client, source.rowCounts, tables, {
        filtered,
        objects: filtered ? null : await countObjects(client),
        extensions: await listExtensions(client),
        roles: await referencedRoles(client),
        sequences: await listSequences(client),
      });
    } catch (error) {
      if (isLockTimeout(error)) throw lockedTable(source.lockWaitTimeoutMs, error);
      throw toDatabaseFailure('read the catalog of the database', error);
    }
  }

  /**
   * To be called with each table that pg_dump says it dumps, as `schema.table`. Names that are unknown, or told again,
   * are ignored.
   * @returns its size on disk in bytes, indexes not counted; undefined for a name that is ignored.
   */
  note(name: string): number | undefined {
    const table = this.#tables.get(name)?.shift();
    if (!table) return undefined;
    this.#dumped.push(table.oid);
    if (table.ofExtension) return table.wholeBytes;
    // One after the other: there is one connection.
    const counted = this.#before.then(() => this.#count(table));
    this.#before = counted.catch(() => undefined);
    this.#counts.push(counted);
    return table.wholeBytes;
  }

  /** To be called when pg_dump has read all definitions; {@link finish} tells whether it could. Once is enough. */
  definitionsRead(): void {
    if (this.#definitions) return;
    this.#definitions = this.#before.then(() => refuseDroppedFunctions(this.#client));
    this.#before = this.#definitions.catch(() => undefined);
  }

  /** The oids of the tables that were noted so far. */
  get dumped(): readonly number[] {
    return this.#dumped;
  }

  /**
   * Waits for the counts still under way.
   * @throws {Failure} `database` when a table could not be counted, `dump` when functions were dropped before pg_dump had
   * read them.
   */
  async finish(): Promise<Contents> {
    this.definitionsRead();
    await this.#definitions;
    const tables = await Promise.all(this.#counts);
    const byName = (a: TableCount, b: TableCount): number => compare(a.schema, b.schema) || compare(a.name, b.name);
    return { ...this.#known, tables: tables.toSorted(byName) };
  }

  async #count({ schema, name, oid, file, bytes, estimate }: Table): Promise<TableCount> {
    const estimated = { schema, name, rows: this.#mode === 'off' || estimate < 0 ? null : estimate, exact: false };
    if (this.#mode === 'off' || (this.#mode === 'auto' && bytes > cheapBytes)) return estimated;
    const quoted = `${this.#client.escapeIdentifier(schema)}.${this.#client.escapeIdentifier(name)}`;
    try {
      // An error would end the whole transaction, and with it all further counts.
      await this.#client.query('SAVEPOINT counting');
      const { rows } = await this.#client.query<{ n: string; file: string | null }>(
        `SELECT pg_catalog.count(*) AS n, pg_catalog.pg_relation_filenode(${String(oid)}) AS file FROM ONLY ${quoted}`,
      );
      await this.#client.query('RELEASE counting');
      // TRUNCATE shows through every snapshot: a table with another file may have had other rows when it was dumped.
      if (rows[0]?.file !== file) return estimated;
      return { schema, name, rows: Number(rows[0].n), exact: true };
    } catch (error) {
      // Somebody queues for an exclusive lock behind pg_dump, or has dropped the table since pg_dump has ended: no reason
      // to lose a good dump.
      if (await this.#rollBack()) return estimated;
      throw toDatabaseFailure(`count the rows of ${quoted}`, error);
    }
  }

  /** Whether counting can go on; if not, the first error is the one to tell. */
  async #rollBack(): Promise<boolean> {
    return this.#client.query('ROLLBACK TO counting').then(
      () => true,
      () => false,
    );
  }
}

/** Whether a query was given up because it waited too long for a lock. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** What to tell of it. */
export function lockedTable(waitedMs: number, cause: unknown): Failure {
  return new Failure('dump', `another session held the lock of a table for longer than ${waitedMs / 1000} s`, {
    hint: 'Raise LOCK_WAIT_TIMEOUT, or move the backup away from migrations: see pg_locks for who holds an AccessExclusiveLock.',
    cause,
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isFiltered(source: SourceConfig): boolean {
  const lists = [source.schemas, source.excludeSchemas, source.tables, source.excludeTables];
  // Any further argument may leave something out, and the counts must never claim more than the dump holds.
  return lists.some((list) => list.length > 0) || source.dumpArgs.length > 0;
}

async function listExtensions(client: pg.Client): Promise<Contents['extensions']> {
  const { rows } = await client.query<{ name: string; version: string; schema: string }>(`
    SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace ORDER BY 1`);
  return rows;
}

async function listSequences(client: pg.Client): Promise<Contents['sequences']> {
  const { rows } = await client.query<{ schema: string; name: string; value: string | null }>(`
    SELECT schemaname AS schema, sequencename AS name, last_value::text AS value
    FROM pg_catalog.pg_sequences ORDER BY 1, 2`);
  return rows;
}

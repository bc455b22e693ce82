import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import { connect } from './connect.ts';
import { refusePoolerBehaviour } from './pooler.ts';
import { idleHint, toDatabaseFailure } from './query-failure.ts';

/** What the server says about itself. */
export interface ServerFacts {
  /** Such as `15.20 (Debian 15.20-0+deb12u1)`. */
  readonly version: string;
  readonly major: number;
  readonly encoding: string;
  /** The database's `LC_COLLATE` and `LC_CTYPE`, or its locale of ICU; undefined where it sorts by neither. */
  readonly locale: { readonly collate: string; readonly ctype: string } | { readonly icuLocale: string } | undefined;
  /** True on a standby. */
  readonly inRecovery: boolean;
  /** Size of the connected database on the server's disk. */
  readonly databaseBytes: number;
}

/**
 * The one connection that this program holds for the whole run: it keeps the advisory lock and the snapshot that
 * pg_dump uses. Closing it releases both, as does the end of this process, however it ends.
 */
export class Session {
  readonly client: pg.Client;
  readonly server: ServerFacts;

  readonly #signal: AbortSignal;
  #roundTripMs = Infinity;

  private constructor(client: pg.Client, server: ServerFacts, signal: AbortSignal) {
    this.client = client;
    this.server = server;
    this.#signal = signal;
  }

  /**
   * Connects, makes sure that nobody else shares the session, and switches off every time limit that the role or the
   * server sets for its sessions, as pg_dump does.
   * @param onLost called when the server ends the connection later on.
   * @throws {Failure} `database` or `config`, see `connect` and `refusePoolerBehaviour`; the signal's reason.
   */
  static async open(
    connection: ConnectionConfig,
    log: Log,
    signal: AbortSignal,
    onLost: (failure: Failure) => void,
  ): Promise<Session> {
    const client = await connect(connection, signal);
    let ended = false;
    client.once('end', () => {
      ended = true;
    });
    client.on('error', (cause: Error) => {
      if (ended || signal.aborted) return;
      onLost(
        new Failure('dump', `the server ended the connection that holds the snapshot: ${cause.message}`, {
          hint: idleHint(cause) ?? 'See the log of the server: a restart, a failover, or somebody ended the session.',
          cause,
        }),
      );
    });
    try {
      // Before anything is set: behind a transaction pooler it would be set for whoever gets this server process next.
      await refusePoolerBehaviour(client, connection, signal);
      await client.query(
        // By their full names: the path is the database's, and in front of pg_catalog its owner may have put his own.
        `SELECT pg_catalog.set_config('search_path', '', false), pg_catalog.set_config('statement_timeout', '0', false),
                pg_catalog.set_config('lock_timeout', '0', false),
                pg_catalog.set_config('idle_in_transaction_session_timeout', '0', false)`,
      );
      const server = await askServer(client);
      for (const [setting, since] of [
        ['transaction_timeout', 17],
        ['idle_session_timeout', 14],
      ] as const) {
        if (server.major >= since) await client.query(`SET ${setting} = 0`);
      }
      // So that a long count ends soon after this process has died.
      if (server.major >= 14) await client.query(`SET client_connection_check_interval = '5s'`).catch(() => undefined);
      if (connection.sslMode === 'prefer' && !isLocal(connection.host) && !('encrypted' in client.connection.stream)) {
        log.warn('the connection to the database is not encrypted: the server offers no TLS (sslmode=prefer)');
      }
      return new Session(client, server, signal);
    } catch (error) {
      await client.end().catch(() => undefined);
      throwIfAborted(signal);
      throw toDatabaseFailure('ask the server about itself', error);
    }
  }

  /** The shortest time in which the server has answered so far: about that of a round trip. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /**
   * Takes the advisory lock for backups of this database to this place. It goes with the connection.
   * @throws {Failure} `locked` when another run holds it.
   */
  async lock(location: string): Promise<void> {
    const key = createHash('sha256').update(`pg-offsite ${location}`).digest().readBigInt64BE(0);
    const { rows } = await this.#query<{ locked: boolean }>('take the advisory lock', {
      text: 'SELECT pg_catalog.pg_try_advisory_lock($1) AS locked',
      values: [key],
    });
    if (rows[0]?.locked !== true) {
      throw new Failure(
        'locked',
        `another run is backing up ${this.client.database ?? 'this database'} to ${location}`,
        {
          hint: "Let it end, or find it with: SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pg-offsite%'.",
        },
      );
    }
  }

  /** Begins the transaction that everything is read in and returns the name of its snapshot, for `pg_dump --snapshot`. */
  async exportSnapshot(): Promise<string> {
    await this.#query('begin a transaction', 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const { rows } = await this.#query<{ snapshot: string }>(
      'export a snapshot',
      'SELECT pg_catalog.pg_export_snapshot() AS snapshot',
    );
    const snapshot = rows[0]?.snapshot;
    if (snapshot === undefined) throw new Error('pg_export_snapshot returned no row');
    return snapshot;
  }

  /** Ends the transaction of the snapshot; the lock stays. */
  async endSnapshot(): Promise<void> {
    await this.#query('end the transaction', 'COMMIT');
  }

  /** Ends the connection; with it the lock and the snapshot. Never throws. */
  async close(): Promise<void> {
    // A query may still be under way; the server would answer our goodbye only after it.
    const closed = this.client.end().catch(() => undefined);
    const timer = setTimeout(() => this.client.connection.stream.destroy(), 500);
    await closed;
    clearTimeout(timer);
  }

  async #query<Row extends pg.QueryResultRow>(
    what: string,
    query: string | pg.QueryConfig,
  ): Promise<pg.QueryResult<Row>> {
    const asked = performance.now();
    try {
      const result = await this.client.query<Row>(query);
      this.#roundTripMs = Math.min(this.#roundTripMs, performance.now() - asked);
      return result;
    } catch (error) {
      throwIfAborted(this.#signal);
      throw toDatabaseFailure(what, error);
    }
  }
}

async function askServer(client: pg.Client): Promise<ServerFacts> {
  const { rows } = await client.query<{
    version: string;
    number: number;
    encoding: string;
    collate: string;
    ctype: string;
    libc: boolean;
    icu: string | null;
    recovery: boolean;
    bytes: string;
  }>(`
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
           current_setting('server_encoding') AS encoding, pg_catalog.pg_is_in_recovery() AS recovery,
           pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes,
           d.datcollate AS collate, d.datctype AS ctype,
           -- A column since PostgreSQL 15.
           COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' AS libc,
           -- Of PostgreSQL 15 and 16, and of 17, where it may also be one of the server's own.
           COALESCE(pg_catalog.to_jsonb(d) ->> 'daticulocale',
             CASE WHEN pg_catalog.to_jsonb(d) ->> 'datlocprovider' = 'i' THEN pg_catalog.to_jsonb(d) ->> 'datlocale' END) AS icu
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`);
  const row = rows[0];
  if (!row) throw new Error('the server returned no row');
  return {
    version: row.version,
    major: Math.floor(row.number / 10_000),
    encoding: row.encoding,
    locale: row.libc
      ? { collate: row.collate, ctype: row.ctype }
      : row.icu === null
        ? undefined
        : { icuLocale: row.icu },
    inRecovery: row.recovery,
    databaseBytes: Number(row.bytes),
  };
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
}

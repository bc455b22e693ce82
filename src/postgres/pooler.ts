import type pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { type Failure, throwIfAborted } from '../errors.ts';
import { connect } from './connect.ts';
import { poolerFailure } from './connect-failure.ts';
import { toDatabaseFailure } from './query-failure.ts';

/**
 * Refuses a transaction pooler by its address, before connecting.
 * @throws {Failure} `config` with the address to use instead.
 */
export function refusePoolerAddress({ host, port }: ConnectionConfig): void {
  if (host.includes('-pooler.')) throw poolerFailure(`${host} is a pooled address`);
  if (port === 6543 && /(^|\.)supabase\.(com|co)$/.test(host))
    throw poolerFailure(`port 6543 of ${host} is a pooled one`);
}

/**
 * Refuses a transaction pooler by its behaviour. Each of two sessions keeps a server process of its own, whatever the
 * other does; behind a transaction pooler they take turns on whichever is free, in one order or another. Changes no
 * state of any server process.
 * @throws {Failure} `config` with the address to use instead, `database` when the second connection is refused.
 */
export async function refusePoolerBehaviour(
  client: pg.Client,
  connection: ConnectionConfig,
  signal: AbortSignal,
): Promise<void> {
  const second = await connect(connection, signal);
  try {
    const own = await backendPid(client);
    // A pool that hands out its processes in turn.
    if ((await backendPid(client)) !== own) throw shared();
    // In one message: the role may have a limit of a millisecond on everything, also on being idle in here.
    await second.query('BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    const others = await backendPid(second);
    // Before the first session is asked again: of a pool of one it would wait for ever.
    if (others === own || (await backendPid(client)) !== own) throw shared();
    await second.query('ROLLBACK');
    if ((await backendPid(second)) !== others || (await backendPid(client)) !== own) throw shared();
  } catch (error) {
    throwIfAborted(signal);
    throw toDatabaseFailure('use two connections at once', error);
  } finally {
    await second.end().catch(() => undefined);
  }
}

function shared(): Failure {
  return poolerFailure('two sessions share one server process');
}

async function backendPid(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0]?.pid;
}

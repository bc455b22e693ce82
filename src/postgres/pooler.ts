import type pg from 'pg';
import type { ConnectionConfig } from '../config/config.ts';
import { connect } from './connect.ts';
import { poolerFailure } from './connect-failure.ts';

/**
 * Refuses a transaction pooler by its address, before connecting.
 * @throws {Failure} `config` with the address to use instead.
 */
export function refusePoolerAddress({ host, port }: ConnectionConfig): void {
  if (/-pooler\./.test(host)) throw poolerFailure(`${host} is a pooled address`);
  if (port === 6543 && /(^|\.)supabase\.(com|co)$/.test(host))
    throw poolerFailure(`port 6543 of ${host} is a pooled one`);
}

/**
 * Refuses a transaction pooler by its behaviour. Two connections that are open at the same time never share a backend;
 * behind a transaction pooler the second one is given the backend that the first has just let go, or, while the second
 * holds that in a transaction, the first is moved to another. Changes no state of either backend.
 * @throws {Failure} `config` with the address to use instead, `database` when the second connection is refused.
 */
export async function refusePoolerBehaviour(
  client: pg.Client,
  connection: ConnectionConfig,
  signal: AbortSignal,
): Promise<void> {
  const first = await backendPid(client);
  const second = await connect(connection, signal);
  second.on('error', () => undefined);
  try {
    await second.query('BEGIN');
    const other = await backendPid(second);
    const again = await backendPid(client);
    if (other === first || again !== first) throw poolerFailure('two sessions share one server process');
    await second.query('ROLLBACK');
  } finally {
    await second.end().catch(() => undefined);
  }
}

async function backendPid(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0]?.pid;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { applicationName } from './connect.ts';

/** The process id of the server's process that serves this connection. */
export async function backendPid(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_catalog.pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}

/**
 * Ends a process of the server that serves this program, and waits until it is gone: after its connection was broken off
 * it may still be at work.
 */
export async function endBackend(client: pg.Client, pid: number): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
       WHERE pid = $1 AND usename = CURRENT_USER AND application_name = $2`,
      [pid, applicationName],
    );
    if (rowCount === 0) return;
    await sleep(20);
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { TestPostgres } from './postgres.ts';

/** Restores a dump in pg_dump's custom format into an empty database with the stock pg_restore; rejects at any error. */
export async function restore(server: TestPostgres, dump: Buffer, database: string): Promise<void> {
  const child = spawn(`${server.binDir}/pg_restore`, ['--exit-on-error', '--single-transaction', '--dbname='], {
    env: { ...server.env, PGDATABASE: database },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin.on('error', () => undefined); // it may end before it has read everything
  child.stdin.end(dump);
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`pg_restore ended with ${String(code)}: ${stderr}`);
}

import { globSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import type { TestPostgres } from './postgres.ts';
import { supervise } from './supervise.ts';
import { unprivileged } from './unprivileged.ts';

/** A running pooler. Stop it before its server, or use it with `await using`. */
export interface TestPooler {
  readonly port: number;
  /** Connects through the pooler as the superuser. */
  url(database?: string): string;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a real pgbouncer, pooling by transaction unless told, in front of a server started without a password. */
export async function startPgbouncer(
  postgres: TestPostgres,
  poolMode: 'transaction' | 'session' = 'transaction',
  furtherSettings: readonly string[] = [],
): Promise<TestPooler> {
  const [program] = globSync(['/usr/sbin/pgbouncer', '/usr/local/bin/pgbouncer', '/opt/homebrew/bin/pgbouncer']);
  if (!program) throw new Error('pgbouncer is not installed; run `sh test/support/setup.sh test`');
  const user = await unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-pgbouncer-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  const settings = [
    '[databases]',
    `* = host=${postgres.host} port=${postgres.port} user=postgres`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${poolMode}`,
    'default_pool_size = 2',
    // As most hosted poolers are set, so that drivers which send these at start get as far as the pool.
    'ignore_startup_parameters = extra_float_digits,options,statement_timeout',
    ...furtherSettings,
  ];
  writeFileSync(file, `${settings.join('\n')}\n`);
  user.own(folder);
  user.own(file);
  // KILL: which other signal ends it at once has changed between its versions.
  const server = await supervise({ folder, program, args: [file], readyLine: 'process up', endSignal: 'KILL' });
  const stop = () => server.stop();
  return {
    port,
    url: (database = 'postgres') => `postgresql://postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

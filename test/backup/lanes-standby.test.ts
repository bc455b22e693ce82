import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { supervise } from '../support/supervise.ts';
import { unprivileged } from '../support/unprivileged.ts';

const primary = await startPostgres();
after(() => primary.stop('immediate'));

/** Starts a server that follows another, and returns the URL of one of its databases and how to stop it. */
async function startStandby(
  server: TestPostgres,
  database: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const { binDir, port } = server;
  const user = await unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-postgres-'));
  user.own(folder);
  const data = join(folder, 'data');
  const from = ['--host=127.0.0.1', `--port=${String(port)}`, '--username=postgres', '--checkpoint=fast', '--no-sync'];
  await runCommand(
    ...user.command(join(binDir, 'pg_basebackup'), [...from, '--write-recovery-conf', `--pgdata=${data}`]),
    {
      cwd: '/',
    },
  );
  const own = await freePort();
  const settings = [`port=${String(own)}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`];
  const standby = await supervise({
    folder,
    program: join(binDir, 'postgres'),
    args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    readyLine: 'database system is ready to accept read-only connections',
    endSignal: 'QUIT',
  });
  return { url: server.url(database).replace(`:${String(port)}/`, `:${String(own)}/`), stop: () => standby.stop() };
}

test('a standby is dumped in lanes, of one moment', async () => {
  await primary.createDatabase('shop');
  await primary.psql(
    `CREATE TABLE orders AS SELECT i AS id, sha256(i::text::bytea)::text AS words FROM generate_series(1, 5000) i;
     CREATE TABLE notes AS SELECT * FROM orders; CREATE UNLOGGED TABLE passing AS SELECT 1 AS n;
     SELECT lo_from_bytea(0, 'one')`,
    'shop',
  );
  const standby = await startStandby(primary, 'shop');
  after(standby.stop);
  const store = join(temporaryFolder(), 'store');
  mkdirSync(store);
  const place = { BACKUP_DESTINATION: `file://${store}` };
  const backup = await runEntrypoint({ ...place, DATABASE_URL: standby.url, JOBS: '3' });
  assert.equal(backup.exitCode, 0, backup.stderr);
  assert.match(backup.stderr, /dumping into 4 objects, 3 at once and the definitions beside/);
  const target = { TARGET_DATABASE_URL: primary.url('restored') };
  const restored = await runEntrypoint({ ...place, ...target }, { args: ['restore', 'latest', '--create'] });
  assert.equal(restored.exitCode, 0, restored.stdout + restored.stderr);
  assert.match(restored.stdout, /^table public\.notes +5,000 +5,000 +same$/m);
});

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import type { S3Server } from '../support/s3-server.ts';
import { makeDatabases } from './bank.ts';
import { type History, makeHistory } from './history.ts';
import { type Keys, makeKeys } from './keys.ts';
import { bundleProgram, type Program } from './program.ts';

/** Where one seed after the other is tried: a database server of its own. */
export interface Bench {
  readonly postgres: TestPostgres;
  /** A superuser's connection to the database `postgres`. */
  readonly admin: pg.Client;
}

/** Everything that seeds share. Disposing ends it all. */
export interface Laboratory extends AsyncDisposable {
  readonly program: Program;
  readonly keys: Keys;
  readonly history: History;
  readonly benches: readonly Bench[];
  /** See {@link storeVariables}. */
  readonly patience: number;
  /** For what is written by the way. */
  readonly folder: string;
  /** Of the gpg that restores with stock tools. */
  readonly gpgHome: string;
}

/**
 * The variables of a store in a server of the tests: little patience, so that much can happen in a short time.
 * @param patience so many times that little, for a machine that gives runs little of its time.
 */
export function storeVariables({ url }: Pick<S3Server, 'url'>, patience: number): Record<string, string> {
  return {
    BACKUP_DESTINATION: 's3://backups/nightly',
    S3_ENDPOINT: url,
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'sk',
    S3_PART_SIZE: '5MiB',
    S3_TIMEOUT: `${String(2 * patience)}s`,
    S3_RETRY_FOR: `${String(5 * patience)}s`,
    STALL_TIMEOUT: `${String(10 * patience)}s`,
  };
}

/** Sets up so many benches. */
export async function openLaboratory(benches: number, patience = 1): Promise<Laboratory> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-chaos-lab-'));
  opened.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const gpgHome = join(folder, 'gnupg');
  mkdirSync(gpgHome, { mode: 0o700 });
  opened.defer(() => runCommand('gpgconf', ['--homedir', gpgHome, '--kill', 'all']).then(() => undefined));
  const [program, keys, ...ready] = await Promise.all([
    bundleProgram().then((bundled) => opened.use(bundled)),
    makeKeys(folder),
    ...Array.from({ length: benches }, () => openBench(opened)),
  ]);
  const [first] = ready;
  if (!first) throw new Error('a laboratory needs a bench');
  const history = await makeHistory(first.postgres, program, keys);
  const everything = opened.move();
  return {
    program,
    keys,
    history,
    benches: ready,
    patience,
    folder,
    gpgHome,
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

async function openBench(opened: AsyncDisposableStack): Promise<Bench> {
  const postgres = opened.adopt(
    await startPostgres({ conf: ['autovacuum = off', 'shared_buffers = 64MB'] }),
    (server) => server.stop('immediate'),
  );
  await makeDatabases(postgres);
  const admin = opened.adopt(new pg.Client({ connectionString: postgres.url(), application_name: 'bench' }), (client) =>
    client.end(),
  );
  admin.on('error', () => undefined);
  await admin.connect();
  return { postgres, admin };
}

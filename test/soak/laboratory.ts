import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { bundleProgram, type Program } from '../chaos/program.ts';
import { type Keys, makeKeys } from '../chaos/keys.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import type { TestS3 } from '../support/s3.ts';

/** Everything that the runs of a soak share. Disposing ends and removes it. */
export interface Laboratory extends AsyncDisposable {
  /** As the image holds it: what is changed in the sources meanwhile does not matter. */
  readonly program: Program;
  readonly postgres: TestPostgres;
  /** A superuser's session, which is none of those that a run leaves. */
  readonly admin: pg.Client;
  readonly s3: TestS3;
  readonly bucket: string;
  readonly keys: Keys;
  /** For the temporary files and the home of the runs. Both are empty between runs. */
  readonly folders: { readonly temporary: string; readonly home: string };
  /** For what the harness itself writes. */
  readonly folder: string;
  /** What every run gets, age included. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Starts a database server for runs into a new bucket of this store. */
export async function openLaboratory(s3: TestS3): Promise<Laboratory> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-soak-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const folders = { temporary: join(folder, 'tmp'), home: join(folder, 'home') };
  for (const one of Object.values(folders)) mkdirSync(one);
  const program = opened.use(await bundleProgram());
  const keys = await makeKeys(folder);
  const postgres = opened.adopt(
    await startPostgres({ conf: ['shared_buffers = 64MB', 'max_wal_size = 256MB'] }),
    (server) => server.stop('immediate'),
  );
  const admin = opened.adopt(new pg.Client({ connectionString: postgres.url() }), (client) => client.end());
  await admin.connect();
  const bucket = await s3.createBucket();
  const everything = opened.move();
  return {
    program,
    postgres,
    admin,
    s3,
    bucket,
    keys,
    folders,
    folder,
    variables: {
      ...program.variables,
      ...s3.env(bucket),
      ...keys.locking({ encryption: 'age', signed: false }),
      PATH: [program.home, process.env['PATH']].join(delimiter),
      TMPDIR: folders.temporary,
      HOME: folders.home,
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}

/** The sessions of clients besides the laboratory's own, in words. */
export async function sessions({ admin }: Pick<Laboratory, 'admin'>): Promise<string[]> {
  const { rows } = await admin.query<{ told: string }>(
    `SELECT concat_ws(' ', application_name, state, left(query, 80)) AS told FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  return rows.map(({ told }) => told);
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPostgres } from '../support/postgres.ts';
import type { RegressionTests } from './source.ts';

/** The name that the tests expect. */
export const regressionDatabase = 'regression';

/** No file of them takes so long. */
const mostMs = 600_000;

/**
 * Makes the database that PostgreSQL's own regression tests leave: their files, in the order of their schedule, as a
 * superuser. What they print is not compared, and many of their statements are meant to fail.
 * @returns how many files were loaded.
 */
export async function loadRegressionDatabase(server: TestPostgres, tests: RegressionTests): Promise<number> {
  const database = regressionDatabase;
  await server.psql(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8'`);
  // As pg_regress has it.
  for (const setting of ['lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time']) {
    await server.psql(`ALTER DATABASE ${database} SET ${setting} TO 'C'`);
  }
  await server.psql(`ALTER DATABASE ${database} SET bytea_output TO 'hex';
    ALTER DATABASE ${database} SET timezone_abbreviations TO 'Default'`);
  const results = join(tests.folder, 'results');
  mkdirSync(results);
  // The server writes here, too.
  chmodSync(results, 0o777);
  const schedule = readFileSync(join(tests.folder, 'parallel_schedule'), 'utf8');
  const names = [...schedule.matchAll(/^test: (.*)$/gm)].flatMap(([, line = '']) => line.trim().split(/\s+/));
  for (const name of names) await loadFile(server, tests, name);
  return names.length;
}

async function loadFile(server: TestPostgres, { folder, libDir }: RegressionTests, name: string): Promise<void> {
  const env = {
    PATH: process.env['PATH'],
    ...server.env,
    PGDATABASE: regressionDatabase,
    PGTZ: 'PST8PDT',
    PGDATESTYLE: 'Postgres, MDY',
    PGOPTIONS: '-c intervalstyle=postgres_verbose',
    LC_MESSAGES: 'C',
    PG_ABS_SRCDIR: folder,
    PG_ABS_BUILDDIR: folder,
    PG_LIBDIR: libDir,
    PG_DLSUFFIX: '.so',
  };
  const args = ['-X', '-q', '-f', join(folder, 'sql', `${name}.sql`)];
  const psql = spawn(join(server.binDir, 'psql'), args, { env, cwd: folder, stdio: 'ignore', timeout: mostMs });
  const [code, signal] = (await once(psql, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`the file ${name} of the regression tests ended psql with ${signal ?? String(code)}`);
}

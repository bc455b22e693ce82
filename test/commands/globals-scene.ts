import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { type Manifest, parseManifest } from '../../src/catalog/manifest.ts';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';

const root = temporaryFolder();
const identity = await runCommand('age-keygen', []);
/** The variables that encrypt, those that decrypt, and those of somebody else. */
export const encrypted = { AGE_RECIPIENTS: /age1\w+/.exec(identity)?.[0] ?? '' };
export const key = { AGE_IDENTITY: identity.trim() };
export const otherKey = { AGE_IDENTITY: (await runCommand('age-keygen', [])).trim() };

/** A name with everything in it that SQL, psql and shells treat specially. */
const odd = `"odd ""name"" \\ ; -- 'é' $$ :x"`;
const roles = `
  CREATE ROLE app_owner NOLOGIN;
  CREATE ROLE app LOGIN PASSWORD 'app''s secret' CONNECTION LIMIT 7 VALID UNTIL '2031-02-03 04:05:06+00';
  CREATE ROLE ${odd} LOGIN NOINHERIT CREATEDB;
  CREATE ROLE "new
line" NOLOGIN;
  CREATE ROLE admin SUPERUSER LOGIN PASSWORD 'admin secret';
  COMMENT ON ROLE app IS E'it''s \\\\ a "comment"; DROP ROLE x';
  GRANT app_owner TO app;
  GRANT app_owner TO ${odd} WITH ADMIN OPTION;
  SET SESSION AUTHORIZATION ${odd};
  GRANT app_owner TO "new
line";
  RESET SESSION AUTHORIZATION;
  GRANT pg_read_all_data TO app;
  ALTER ROLE app SET search_path TO 'a b', "$user", public;
  ALTER ROLE app SET "my.setting" TO E'x\\\\y''z';
  ALTER ROLE app SET work_mem TO '5MB';
  GRANT SET ON PARAMETER log_statement TO app WITH GRANT OPTION;
  ALTER ROLE app IN DATABASE shop SET work_mem TO '9MB';
  ALTER DATABASE shop SET search_path TO "Sales 2", public;
  ALTER DATABASE shop SET default_transaction_read_only TO on;`;
const contents = `
  SET default_transaction_read_only = off;
  CREATE SCHEMA sales AUTHORIZATION app_owner;
  CREATE TABLE sales.orders (id int PRIMARY KEY);
  ALTER TABLE sales.orders OWNER TO app_owner;
  INSERT INTO sales.orders SELECT generate_series(1, 50);
  GRANT SELECT ON sales.orders TO app;
  GRANT INSERT ON sales.orders TO ${odd} WITH GRANT OPTION;
  ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA sales GRANT SELECT ON TABLES TO "new
line";`;

let source: TestPostgres;
before(async () => {
  source = await startPostgres();
  await source.createDatabase('shop');
  await source.psql(roles);
  await source.psql(contents, 'shop');
  await source.psql('CREATE ROLE managed LOGIN');
  // As on a managed server: everything but pg_authid.
  await source.psql(
    'SET default_transaction_read_only = off; GRANT USAGE ON SCHEMA sales TO managed; GRANT SELECT ON ALL TABLES IN SCHEMA sales TO managed',
    'shop',
  );
});
after(() => source.stop('immediate'));

/** A server with a database `shop`, roles of every kind, and a login `managed` as a provider gives one. */
export function sourceServer(): TestPostgres {
  return source;
}

type Variables = Readonly<Record<string, string>>;

/** The fields of a result line that are looked at here. */
interface Result {
  readonly globals?: string;
  readonly warnings: readonly string[];
  readonly error?: string;
}

let places = 0;

/** Runs `backup` of `shop` into a new store. */
export async function backUp(
  changes: Variables = {},
  user = 'postgres',
): Promise<{ run: EndedRun; place: string; result: Result }> {
  const place = join(root, `store-${String((places += 1))}`);
  const settings = { DATABASE_URL: source.url('shop', { user }), BACKUP_DESTINATION: `file://${place}`, ...changes };
  const run = await runEntrypoint(settings);
  return { run, place, result: JSON.parse(run.stdout) as Result };
}

/** The folder of the only backup of a store, and its manifest. */
export function stored(place: string): { folder: string; manifest: Manifest } {
  const folder = join(place, 'shop', readdirSync(join(place, 'shop'))[0] ?? '');
  return { folder, manifest: parseManifest(readFileSync(join(folder, 'manifest.json'), 'utf8'), folder) };
}

/** Runs `restore latest` with these arguments. */
export async function restore(
  place: string,
  target: string,
  args: readonly string[],
  changes: Variables = key,
): Promise<EndedRun> {
  return runEntrypoint(
    { BACKUP_DESTINATION: `file://${place}`, TARGET_DATABASE_URL: target, ...changes },
    { args: ['restore', 'latest', ...args] },
  );
}

/** What pg_dumpall says of a server, without what differs by chance. */
export async function globalsOf(server: TestPostgres, ...more: string[]): Promise<string> {
  const script = await runCommand(join(server.binDir, 'pg_dumpall'), ['--globals-only', '--no-password', ...more], {
    env: { ...server.env, LC_ALL: 'C' },
  });
  return script
    .replaceAll(/^\\(un)?restrict .*\n/gm, '')
    .replace(/^(ALTER ROLE postgres WITH .*) PASSWORD .*$/m, '$1;');
}

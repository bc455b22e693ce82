import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read.ts';
import { refusePoolerAddress } from '../../src/postgres/pooler.ts';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';

const folder = join(import.meta.dirname, '../../docs/providers');
const pages = ['cloud-sql', 'neon', 'rds', 'render', 'runsite', 'supabase'];
const pageOf = (name: string): string => readFileSync(join(folder, `${name}.md`), 'utf8');

/** The blocks of a page that are fenced with this language, without their indentation. */
function blocks(name: string, language: string): string[] {
  return [...pageOf(name).matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^ *\`\`\`$`, 'gms'))].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** The only block of SQL of a page, and the password in it. */
function login(name: string): { sql: string; password: string } {
  const [sql, ...more] = blocks(name, 'sql');
  assert(sql !== undefined && more.length === 0, `${name}.md has one block of SQL`);
  return { sql, password: /PASSWORD '([^']+)'/.exec(sql)?.[1] ?? '' };
}

let postgres: TestPostgres;
let temporary: string;
before(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'pg-offsite-providers-'));
  writeFileSync(join(temporary, 'ca.pem'), 'a certificate');
  postgres = await startPostgres();
});
after(async () => {
  await postgres.stop('immediate');
  rmSync(temporary, { recursive: true, force: true });
});

test('every provider has a page, and every page is in the table', () => {
  const found = readdirSync(folder).filter((name) => name !== 'README.md');
  assert.deepEqual(found.toSorted(), pages.map((name) => `${name}.md`).toSorted());
  const named = [...pageOf('README').matchAll(/^\| \[.*?\]\((.*?)\)/gm)].map(([, page]) => page ?? '');
  assert.deepEqual(named.toSorted(), found.toSorted());
});

describe('the addresses', () => {
  /** Reads a block as variables; what names a file of a page is a file that is there. */
  const read = (text: string): Config => {
    const lines = text.trimEnd().split('\n');
    const variables = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
    const { PGSSLROOTCERT: file } = variables;
    return readConfig({
      ...variables,
      ...(file && { PGSSLROOTCERT: join(temporary, 'ca.pem') }),
      BACKUP_DESTINATION: 's3://acme-backups/production',
    });
  };
  for (const page of pages) {
    test(`of ${page}.md are read without a warning, carry the login of its SQL, and are no poolers`, () => {
      const all = blocks(page, 'env').map(read);
      assert.ok(all.length > 0);
      for (const { source, warnings } of all) {
        assert.deepEqual(warnings, []);
        assert.match(source.connection.user, /^backup(?:\.[a-z]+)?$/);
        assert.equal(source.connection.password?.reveal(), login(page).password);
        assert.doesNotThrow(() => refusePoolerAddress(source.connection));
      }
    });
  }

  test('that pages warn of are refused', () => {
    const connection = (url: string) => read(`DATABASE_URL=${url}`).source.connection;
    const [, pooled = ''] = /`(\S+-pooler\S+)` is the transaction pooler and is refused/.exec(pageOf('neon')) ?? [];
    const pooler = { kind: 'config', message: /transaction pooler/ };
    assert.throws(() => refusePoolerAddress(connection(`postgresql://backup:pw@${pooled}/shop`)), pooler);
    assert.match(pageOf('supabase'), /Port 6543 is the transaction pooler and is refused/);
    const [, session = ''] = blocks('supabase', 'env');
    const transaction = session.replace('DATABASE_URL=', '').replace(':5432', ':6543').trim();
    assert.throws(() => refusePoolerAddress(connection(transaction)), pooler);
  });
});

/** A database as a provider makes one: its administrator owns it, may make roles, and is no superuser. */
async function provided(
  name: string,
): Promise<{ database: string; admin: string; run: (sql: string) => Promise<string> }> {
  const database = `of_${name.replace('-', '_')}`;
  const admin = `${database}_admin`;
  const isOld = postgres.major < 16;
  // From 16 on a role hands out only what it has itself, as providers let theirs.
  const rights = isOld ? '' : `GRANT pg_read_all_data TO ${admin} WITH ADMIN OPTION;`;
  await postgres.psql(`CREATE ROLE ${admin} LOGIN CREATEROLE CREATEDB ${isOld ? '' : 'BYPASSRLS'}; ${rights}`);
  await postgres.psql(`CREATE DATABASE ${database} OWNER ${admin}`);
  const run = (sql: string): Promise<string> =>
    runCommand(join(postgres.binDir, 'psql'), [
      ...['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', postgres.url(database, { user: admin }), '-c', sql],
    ]);
  await run(
    `CREATE SCHEMA sales; CREATE TABLE sales.orders AS SELECT i AS id FROM generate_series(1, 1000) i;
     CREATE TABLE customers (id serial PRIMARY KEY, name text);
     INSERT INTO customers (name) SELECT 'customer ' || i FROM generate_series(1, 100) i`,
  );
  return { database, admin, run };
}

/** Removes the login that every page makes under the same name, with all that it was granted. */
async function forget(database: string): Promise<void> {
  await postgres.psql('DROP OWNED BY backup', database);
  await postgres.psql('DROP ROLE backup');
}

async function offsite(args: readonly string[], database: string, password: string): Promise<EndedRun> {
  const variables = {
    DATABASE_URL: postgres.url(database, { user: 'backup', password }),
    BACKUP_DESTINATION: `file://${join(temporary, database)}`,
    BACKUP_ATTEMPTS: '1',
  };
  return runEntrypoint(variables, { args });
}

/** What every login of a page must be good for, and no more. */
async function assertReader(database: string, password: string): Promise<void> {
  const backup = await offsite([], database, password);
  assert.equal(backup.exitCode, 0, backup.stderr);
  const doctor = await offsite(['doctor'], database, password);
  assert.equal(doctor.exitCode, 0, doctor.stdout);
  assert.doesNotMatch(doctor.stdout, /^FAIL/m);
  const url = postgres.url(database, { user: 'backup', password });
  const write = runCommand(join(postgres.binDir, 'psql'), ['-X', '-d', url, '-c', 'DELETE FROM customers']);
  await assert.rejects(write, /permission denied|read-only transaction/);
}

describe('the login', () => {
  for (const page of pages) {
    test(`of ${page}.md backs up everything, passes doctor, and cannot write`, async () => {
      const { sql, password } = login(page);
      const { database, run } = await provided(page);
      // Before PostgreSQL 16 nobody but a superuser makes such a role; Supabase's own patch lets its administrator.
      if (sql.includes('BYPASSRLS') && postgres.major < 16) await postgres.psql(sql, database);
      else await run(sql);
      try {
        await assertReader(database, password);
      } finally {
        await forget(database);
      }
    });
  }

  test('of supabase.md is not stopped by row-level security', async () => {
    const { sql, password } = login('supabase');
    const { database, run } = await provided('secured');
    await run(`ALTER TABLE customers ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON customers USING (false)`);
    await postgres.psql(sql, database);
    try {
      await assertReader(database, password);
      await postgres.psql('ALTER ROLE backup NOBYPASSRLS');
      const refused = await offsite([], database, password);
      assert.equal(refused.exitCode, 65, refused.stderr);
      assert.match(refused.stderr, /row.level security[^]*customers/);
    } finally {
      await forget(database);
    }
  });

  test('with grants for one schema backs it up, and a table that is forgotten is named', async () => {
    const { sql, password } = login('README');
    const { database, run } = await provided('one_schema');
    await run(`DROP SCHEMA sales CASCADE; ${sql}; CREATE TABLE later (id serial)`);
    try {
      await assertReader(database, password);
      await run('CREATE TABLE forgotten (i int); REVOKE SELECT ON forgotten FROM backup');
      const refused = await offsite([], database, password);
      assert.equal(refused.exitCode, 65, refused.stderr);
      assert.match(refused.stderr, /forgotten/);
    } finally {
      await forget(database);
    }
  });
});

test('what supabase.md says of restoring brings users and one’s own tables into a new project', async () => {
  const auth = `CREATE SCHEMA auth; CREATE TABLE auth.users (id int PRIMARY KEY, email text);
    CREATE TABLE auth.identities (id int PRIMARY KEY, user_id int NOT NULL REFERENCES auth.users);
    CREATE FUNCTION auth.uid() RETURNS int LANGUAGE sql AS 'SELECT 1'`;
  await postgres.psql('CREATE DATABASE old_project');
  await postgres.psql(
    `${auth}; INSERT INTO auth.users VALUES (1, 'a@example.com'); INSERT INTO auth.identities VALUES (7, 1);
     CREATE TABLE profiles (id int PRIMARY KEY REFERENCES auth.users, name text); INSERT INTO profiles VALUES (1, 'Ann');
     ALTER TABLE profiles ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON profiles USING (id = auth.uid())`,
    'old_project',
  );
  await postgres.psql('CREATE DATABASE new_project');
  await postgres.psql(auth, 'new_project');
  const store = { BACKUP_DESTINATION: `file://${join(temporary, 'projects')}` };
  const backup = await runEntrypoint({ ...store, DATABASE_URL: postgres.url('old_project') });
  assert.equal(backup.exitCode, 0, backup.stderr);

  const [written = ''] = blocks('supabase', 'sh');
  const commands = written.trimEnd().split('\n');
  assert.equal(commands.length, 3);
  for (const command of commands) {
    const [program, ...args] = command.replace('--confirm postgres', '--confirm new_project').split(' ');
    assert.equal(program, 'pg-offsite');
    const run = await runEntrypoint({ ...store, TARGET_DATABASE_URL: postgres.url('new_project') }, { args });
    assert.equal(run.exitCode, 0, `${command}\n${run.stderr}${run.stdout}`);
  }
  const joined =
    'SELECT name, email FROM profiles JOIN auth.users USING (id) JOIN auth.identities i ON i.user_id = users.id';
  assert.equal(await postgres.psql(joined, 'new_project'), 'Ann|a@example.com');
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

/*
 * The owner of a database decides where names lead in it, and may put functions and operators of his own before those of
 * the server. Who connects as a superuser must not call one of them: it would run with his rights.
 */
let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop('immediate'));

/** What each of them does besides passing for the server's. */
const seize = `execute 'alter role mallory superuser'`;
const functions = [
  ['set_config', 'text, text, boolean', 'text', 'pg_catalog.set_config($1, $2, $3)'],
  ['current_setting', 'text', 'text', 'pg_catalog.current_setting($1)'],
  ['pg_backend_pid', '', 'int', 'pg_catalog.pg_backend_pid()'],
  ['pg_is_in_recovery', '', 'boolean', 'false'],
  ['current_database', '', 'name', `'shop'::name`],
  ['now', '', 'timestamptz', 'pg_catalog.now()'],
  ['joined', 'text, text', 'text', 'pg_catalog.concat($1, $2)'],
  ['same_name', 'name, name', 'boolean', 'pg_catalog.nameeq($1, $2)'],
  ['same_text', 'text, text', 'boolean', 'pg_catalog.texteq($1, $2)'],
  ['same_oid', 'oid, oid', 'boolean', 'pg_catalog.oideq($1, $2)'],
] as const;
const operators = [
  ['||', 'text', 'joined'],
  ['=', 'name', 'same_name'],
  ['=', 'text', 'same_text'],
  ['=', 'oid', 'same_oid'],
] as const;

/** A database of mallory with a table. */
async function createTrapped(name: string): Promise<string> {
  await postgres.createDatabase(name);
  await postgres.psql(`alter database ${name} owner to mallory`);
  const traps = [
    ...functions.map(
      ([called, takes, gives, value]) =>
        `create function evil.${called}(${takes}) returns ${gives} language plpgsql as $$ begin ${seize}; return ${value}; end $$;`,
    ),
    ...operators.map(
      ([sign, type, called]) =>
        `create operator evil.${sign} (leftarg = ${type}, rightarg = ${type}, function = evil.${called});`,
    ),
  ];
  await postgres.psql(
    `set role mallory; create schema evil; ${traps.join('\n')} alter database ${name} set search_path = evil, pg_catalog, public`,
    name,
  );
  return postgres.url(name);
}

async function isSuperuser(): Promise<string> {
  return postgres.psql(`select rolsuper from pg_catalog.pg_roles where rolname = 'mallory'`);
}

test('no function or operator of a database is called with the rights of who backs it up or restores it', async () => {
  await postgres.psql('create role mallory login');
  const [url, target] = [await createTrapped('shop'), await createTrapped('target')];
  // It does seize them from who is not careful.
  await postgres.psql(`select set_config('a.b', 'c', false)`, 'shop');
  assert.equal(await isSuperuser(), 't');
  await postgres.psql('alter role mallory nosuperuser; create database fresh template template0');
  const store = { DATABASE_URL: url, BACKUP_DESTINATION: `file://${temporaryFolder()}` };
  for (const [args, more, exitCode] of [
    [['doctor'], {}, 0],
    [[], {}, 0],
    [[], { JOBS: '2', GLOBALS: 'on' }, 0],
    [['drill', '--database', 'shop'], { DRILL_DATABASE_URL: target }, 0],
    [['restore', 'latest', '--database', 'shop'], { TARGET_DATABASE_URL: postgres.url('fresh') }, 0],
    // It is not empty.
    [['restore', 'latest', '--database', 'shop'], { TARGET_DATABASE_URL: target }, 73],
    [[], { DATABASES: '*' }, 0],
  ] as const) {
    const run = await runEntrypoint({ ...store, ...more }, { args });
    assert.equal(run.exitCode, exitCode, args.join(' ') + run.stdout + run.stderr);
    assert.equal(await isSuperuser(), 'f', `taken by ${args.join(' ') || 'backup'} ${JSON.stringify(more)}`);
  }
});

import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startEntrypoint } from '../support/entrypoint.ts';
import { startPostgres } from '../support/postgres.ts';
import { makeKeys } from './keys.ts';
import { backUp, restoreWell, temporaryFolder } from './round-trip.ts';

/* Backups of a part, each restored into a fresh database by the commands of its own RESTORE.md. */
const server = await startPostgres();
after(() => server.stop());
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const keys = await makeKeys(folder.path);
after(() => keys.end());

const odd = `it's "o;dd" $(touch pwned) größe 日本\n\`\`\`\nEOF\\`;
const oddName = `"${odd.replaceAll('"', '""')}"`;
await server.createDatabase('parts');
await server.psql(
  `CREATE SCHEMA ext; CREATE EXTENSION citext WITH SCHEMA ext; CREATE EXTENSION cube; CREATE EXTENSION earthdistance;
   CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'of the application'; GRANT USAGE ON SCHEMA app TO PUBLIC;
   CREATE TABLE app.z (id serial PRIMARY KEY, mail ext.citext UNIQUE, place cube);
   INSERT INTO app.z (mail, place) SELECT 'M' || n, cube(n) FROM generate_series(1, 50) n;
   CREATE TABLE app.zz (z int REFERENCES app.z, note text); INSERT INTO app.zz SELECT n, 'n' FROM generate_series(1, 9) n;
   CREATE TABLE public.p AS SELECT generate_series(1, 20) n; CREATE VIEW public.v AS SELECT n FROM public.p;
   CREATE SCHEMA views; CREATE VIEW views.one AS SELECT 1 AS n;
   CREATE SCHEMA audit; CREATE TABLE audit.log AS SELECT generate_series(1, 30) n;
   CREATE SCHEMA ${oddName}; CREATE TABLE ${oddName}.t AS SELECT generate_series(1, 7) n`,
  'parts',
);

type Variables = Record<string, string>;
const everything = ['app.z', 'app.zz', 'audit.log', `${odd}.t`, 'public.p'];
const parts: readonly (readonly [settings: Variables, tables: readonly string[], others?: readonly string[]])[] = [
  [{ SCHEMAS: 'public' }, ['public.p'], ['public.v']],
  [{ SCHEMAS: 'public,app' }, ['app.z', 'app.zz', 'public.p'], ['public.v', 'app.z_id_seq']],
  [{ SCHEMAS: 'ext,app' }, ['app.z', 'app.zz']],
  [{ SCHEMAS: 'it*' }, [`${odd}.t`]],
  [{ TABLES: 'it*.t' }, [`${odd}.t`]],
  [{ TABLES: 'app.z' }, ['app.z'], ['app.z_id_seq']],
  [{ TABLES: 'app.z,"views".one,audit.log', EXCLUDE_TABLE_DATA: 'audit.log' }, ['app.z'], ['views.one', 'audit.log']],
  [{ PG_DUMP_ARGS: '-Ot audit.log --no-comments' }, ['audit.log']],
  [{ PG_DUMP_ARGS: '--schema=app --no-owner' }, ['app.z', 'app.zz']],
  [{ EXCLUDE_SCHEMAS: 'audit' }, everything.filter((name) => name !== 'audit.log'), ['views.one']],
  [{ EXCLUDE_SCHEMAS: 'ext,audit' }, everything.filter((name) => name !== 'audit.log'), ['views.one']],
  [{ EXCLUDE_TABLES: 'app.zz' }, everything.filter((name) => name !== 'app.zz')],
  [
    { EXCLUDE_TABLES: 'app.zz', BACKUP_FORMAT: 'plain', COMPRESSION: 'gzip' },
    everything.filter((name) => name !== 'app.zz'),
  ],
  [{ EXCLUDE_TABLE_DATA: 'app.zz' }, everything.filter((name) => name !== 'app.zz'), ['app.zz']],
];

const rowsOf = (name: string, database: string): Promise<string> => {
  const [, schema = '', table = ''] = /^(.*)\.(.*)$/s.exec(name) ?? [];
  return server.psql(`SELECT * FROM "${schema.replaceAll('"', '""')}"."${table}" ORDER BY 1`, database);
};

for (const [index, [settings, tables, others = []]] of parts.entries()) {
  void test(`what ${JSON.stringify(settings)} leaves comes back by its own guide`, async () => {
    const place = join(folder.path, `store-${String(index)}`);
    await mkdir(place);
    // The pipe of every program, and the file itself.
    const { encrypt, decrypt } = [keys.kinds.none, keys.kinds.age, keys.kinds.gpg][index % 3] ?? keys.kinds.none;
    const form: Variables = index % 6 === 0 ? { COMPRESSION: 'none' } : {};
    const backup = await backUp({
      DATABASE_URL: server.url('parts'),
      BACKUP_DESTINATION: `file://${place}`,
      ...encrypt,
      ...form,
      ...settings,
    });
    assert.deepEqual(
      backup.manifest.contents.tables.map(({ schema, name }) => `${schema}.${name}`).sort(),
      [...tables].sort(),
    );
    const target = `part_${String(index)}`;
    await restoreWell(server, target, backup.guide, { variables: decrypt });
    for (const name of tables) assert.equal(await rowsOf(name, target), await rowsOf(name, 'parts'), name);
    for (const name of others) await rowsOf(name, target);
    const isPart = !('EXCLUDE_TABLE_DATA' in settings) || 'TABLES' in settings;
    assert.equal(/^\*\*It holds a part of the database only\*\*/m.test(backup.guide), isPart);
  });
}

void test('a schema keeps its comment, and its grants when the guide is told to keep them', async () => {
  const place = join(folder.path, 'comments');
  await mkdir(place);
  const backup = await backUp({
    DATABASE_URL: server.url('parts'),
    BACKUP_DESTINATION: `file://${place}`,
    SCHEMAS: 'app',
  });
  const edit = (commands: string) => commands.replace('--no-owner --no-privileges ', '');
  await restoreWell(server, 'comments', backup.guide, { variables: {}, edit });
  const question = `SELECT obj_description(oid), nspacl FROM pg_namespace WHERE nspname = 'app'`;
  assert.equal(await server.psql(question, 'comments'), await server.psql(question, 'parts'));
});

void test('the run says that it made a backup of a part, but not when only options are given', async () => {
  const place = join(folder.path, 'warned');
  await mkdir(place);
  const env = { DATABASE_URL: server.url('parts'), BACKUP_DESTINATION: `file://${place}` };
  const run = await startEntrypoint({ ...env, SCHEMAS: 'app', EXCLUDE_TABLES: 'app.zz' }).ended;
  const { warnings } = JSON.parse(run.stdout) as { warnings: string[] };
  assert.match(warnings.join('\n'), /^SCHEMAS, EXCLUDE_TABLES left things out: this is a backup of a part/);
  assert.match(run.stderr, /this is a backup of a part/);
  const whole = await startEntrypoint({ ...env, PG_DUMP_ARGS: '--no-owner -x', EXCLUDE_TABLE_DATA: 'app.zz' }).ended;
  assert.equal(whole.exitCode, 0, whole.stderr);
  assert.doesNotMatch(whole.stdout + whole.stderr, /backup of a part/);
});

const refused: readonly (readonly [settings: Variables, error: RegExp])[] = [
  [{ TABLES: 'app.zz' }, /foreign key app\.zz_z_fkey points to app\.z, whose rows are left out/],
  [{ EXCLUDE_TABLES: 'app.z' }, /foreign key app\.zz_z_fkey points to app\.z, whose rows are left out/],
  [{ EXCLUDE_TABLE_DATA: 'app.z' }, /foreign key app\.zz_z_fkey points to app\.z, whose rows are left out/],
  [{ PG_DUMP_ARGS: '--exclude-table-data=app.z' }, /foreign key app\.zz_z_fkey points to app\.z/],
  [{ SCHEMAS: 'app', BACKUP_FORMAT: 'plain', COMPRESSION: 'gzip' }, /set BACKUP_FORMAT=custom/],
];

for (const [index, [settings, error]] of refused.entries()) {
  void test(`${JSON.stringify(settings)}, which could not be restored, is refused and leaves nothing`, async () => {
    const place = join(folder.path, `refused-${String(index)}`);
    await mkdir(place);
    const env = { DATABASE_URL: server.url('parts'), BACKUP_DESTINATION: `file://${place}`, ...settings };
    const run = await startEntrypoint(env).ended;
    assert.equal(run.exitCode, 78, run.stderr);
    assert.match((JSON.parse(run.stdout) as { error: string }).error, error);
    const left = await readdir(place, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      left.filter((entry) => entry.isFile()),
      [],
    );
  });
}

void test('keys that ask for nothing at a restore are no reason to refuse', async () => {
  await server.createDatabase('loose');
  await server.psql(
    `CREATE TABLE a (id int PRIMARY KEY, parent int REFERENCES a); INSERT INTO a VALUES (1, 1);
     CREATE TABLE b (a int); INSERT INTO b VALUES (2); ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a NOT VALID`,
    'loose',
  );
  const place = join(folder.path, 'loose');
  await mkdir(place);
  const env = { DATABASE_URL: server.url('loose'), BACKUP_DESTINATION: `file://${place}` };
  const backup = await backUp({ ...env, EXCLUDE_TABLE_DATA: 'a' });
  await restoreWell(server, 'loose_restored', backup.guide, { variables: {} });
  const alone = await backUp({ ...env, TABLES: 'a' });
  await restoreWell(server, 'loose_alone', alone.guide, { variables: {} });
  const run = await startEntrypoint({ ...env, EXCLUDE_TABLES: 'a' }).ended;
  assert.equal(run.exitCode, 78, 'NOT VALID or not, the table that it points to must be there');
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import pg from 'pg';
import { dumpLines } from '../support/compare.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { runCommand } from '../support/run-command.ts';
import { until } from '../support/until.ts';
import { flip, nothing, useStored } from './stored.ts';

const identity = (await runCommand('age-keygen', [])).trim();
const age = { AGE_IDENTITY: identity };
const AGE_RECIPIENTS = /age1\w+/.exec(identity)?.[0] ?? '';
const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('rich', join(import.meta.dirname, '../fixtures/rich.sql'));
    await postgres.createDatabase('shop');
    await postgres.psql(
      `CREATE TABLE notes AS SELECT i AS id, sha512(i::text::bytea)::text AS words FROM generate_series(1, 20000) i;
       CREATE TABLE others AS SELECT * FROM notes; ALTER TABLE others ADD PRIMARY KEY (id)`,
      'shop',
    );
    // Its index cannot be made again: the function finds a table by the search_path.
    await postgres.createDatabase('broken');
    await postgres.psql(
      `CREATE TABLE helper AS SELECT 1 AS n; CREATE TABLE t AS SELECT 1 AS i;
       CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT n FROM helper); END $$;
       CREATE INDEX ON t (f(i))`,
      'broken',
    );
  },
  [
    { database: 'rich', variables: { COMPRESSION: 'zstd', AGE_RECIPIENTS } },
    { database: 'shop', variables: { COMPRESSION: 'zstd', AGE_RECIPIENTS } },
    { database: 'shop', variables: { COMPRESSION: 'gzip', BACKUP_FORMAT: 'plain' } },
    { database: 'broken' },
  ],
);
const backup = (index: number) => () => stored.backups[index]!;
const [rich, shop, plain, broken] = [backup(0), backup(1), backup(2), backup(3)] as const;
const place = temporaryFolder();
/** An empty folder. */
const folder = (): string => mkdtempSync(join(place, 'scratch-'));

describe('--scratch', () => {
  test('loads all that a rich database holds in several sessions, and leaves no file', async () => {
    const target = await stored.target();
    const scratch = folder();
    const run = await stored.run(['restore', rich().id, '--scratch', scratch], { ...target.variables, ...age });
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.match(run.stderr, /loading rows and making indexes and constraints in [2-4] sessions/);
    assert.deepEqual(
      await dumpLines(stored.postgres, target.name, 'without owners'),
      await dumpLines(stored.postgres, 'rich', 'without owners'),
    );
    assert.deepEqual(readdirSync(scratch), []);
  });

  test('is left out, and said so, where nothing could be gained', async () => {
    const target = await stored.target();
    const variables = { ...target.variables, ...age };
    const one = await stored.run(['restore', shop().id, '--table', 'notes', '--scratch', folder()], variables);
    assert.equal(one.exitCode, 0, one.stderr);
    assert.match(one.stderr, /doing without --scratch \S+: only a part is restored/);
    const script = await stored.target();
    const two = await stored.run(['restore', plain().id, '--scratch', folder()], { ...script.variables, ...age });
    assert.equal(two.exitCode, 0, two.stderr);
    assert.match(two.stderr, /doing without --scratch \S+: a plain dump is one script/);
  });
});

describe('--scratch, and nothing is done to the target', () => {
  const refused = async (scratch: string, exitCode: number, told: RegExp): Promise<void> => {
    const target = await stored.target();
    const run = await stored.run(['restore', shop().id, '--scratch', scratch], { ...target.variables, ...age });
    assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
    assert.match(run.stderr, told);
    assert.equal(await stored.held(target.name), nothing);
  };

  test('where the folder is not there', () =>
    refused(join(place, 'nowhere'), 78, /the scratch folder \S+nowhere cannot be used: ENOENT/));

  test('where the stored object is damaged at its end', async () => {
    const scratch = folder();
    flip(shop().artifact, -1);
    await refused(scratch, 76, /has the SHA-256 \w+, but the manifest records/);
    assert.deepEqual(readdirSync(scratch), []);
  });

  test('where the decoded dump does not fit', async () => {
    const target = await stored.target();
    const scratch = folder();
    const script = join(import.meta.dirname, '../../entrypoint.sh');
    const env = { PATH: process.env['PATH'], ...stored.env({ ...target.variables, ...age }) };
    // As on a disk that becomes full: no file may become larger than this.
    const command = `ulimit -f 2048; exec ${script} restore ${shop().id} --scratch ${scratch}`;
    await assert.rejects(
      runCommand('bash', ['-c', command], { env }),
      /is larger than the scratch folder .* has room for/,
    );
    assert.equal(await stored.held(target.name), nothing);
    assert.deepEqual(readdirSync(scratch), []);
  });
});

test('--scratch, and the run is ended in the middle of the rows: what it leaves is told, and no file', async () => {
  const target = await stored.target();
  const scratch = folder();
  // Whoever makes the key waits for a lock.
  const holder = new pg.Client(stored.postgres.url(target.name));
  holder.on('error', () => undefined);
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE pg_catalog.pg_constraint IN SHARE MODE');
  const run = stored.start(['restore', shop().id, '--scratch', scratch], { ...target.variables, ...age });
  await until(
    'it waits',
    async () => (await stored.postgres.psql('SELECT count(*) FROM pg_locks WHERE NOT granted')) !== '0',
  );
  const [made = ''] = readdirSync(scratch);
  assert.equal(statSync(join(scratch, made)).mode & 0o777, 0o700);
  assert.equal(statSync(join(scratch, made, 'archive')).mode & 0o777, 0o600);
  run.signal('SIGTERM');
  const { exitCode, stderr } = await run.ended;
  await holder.end();
  assert.equal(exitCode, 143, stderr);
  assert.match(stderr, /is incomplete: tables are there, rows, indexes, constraints and triggers are not all/);
  assert.deepEqual(readdirSync(scratch), []);
});

test('--scratch and an error after the rows: a database that was made is dropped again', async () => {
  const scratch = join(folder(), 'within');
  mkdirSync(scratch);
  const variables = { TARGET_DATABASE_URL: stored.postgres.url('unmade'), ...age };
  const run = await stored.run(['restore', broken().id, '--create', '--scratch', scratch], variables);
  assert.equal(run.exitCode, 65, run.stdout + run.stderr);
  assert.match(run.stderr, /dropped the database unmade again/);
  assert.deepEqual(readdirSync(scratch), []);
});

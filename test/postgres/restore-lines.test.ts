import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { followRestore } from '../../src/postgres/restore-lines.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { newestBinDir, startPostgres, type TestPostgres } from '../support/postgres.ts';

let postgres: TestPostgres;
const dump = join(temporaryFolder(), 'dump');
const program = (name: string, args: readonly string[]): { status: number | null; stderr: string } =>
  spawnSync(join(newestBinDir(), name), args, { encoding: 'utf8', env: { LC_ALL: 'C' } });

before(async () => {
  postgres = await startPostgres();
  await postgres.createDatabase('shop');
  await postgres.psql(
    `CREATE TABLE orders (id int PRIMARY KEY);
     CREATE TABLE "new
line" AS SELECT 1 AS one;
     CREATE TABLE empty ();
     CREATE VIEW v AS SELECT 1 AS one`,
    'shop',
  );
  assert.equal(program('pg_dump', ['--format=custom', `--file=${dump}`, postgres.url('shop')]).status, 0);
});
after(() => postgres.stop('immediate'));

/** Restores into a database and tells what was heard, and the lines that are no progress. */
function restore(database: string) {
  const [tables, made]: [string[], string[]] = [[], []];
  const isProgress = followRestore({ onTable: (name) => tables.push(name), onMaking: (what) => made.push(what) });
  const args = ['--verbose', '--exit-on-error', `--dbname=${postgres.url(database)}`, dump];
  const { status, stderr } = program('pg_restore', args);
  const others = stderr
    .trimEnd()
    .split('\n')
    .filter((line) => !isProgress(line));
  return { status, tables, made, others };
}

test('tells tables and what else is made, and takes nothing else for progress', async () => {
  await postgres.createDatabase('copy');
  const { status, tables, made, others } = restore('copy');
  assert.equal(status, 0);
  assert.deepEqual(tables.toSorted(), ['public.empty', 'public.new', 'public.orders']);
  assert.ok(made.includes('VIEW public.v') && made.includes('CONSTRAINT public.orders orders_pkey'), made.join('\n'));
  assert.deepEqual(others, []);
});

test('keeps all that is said of an error', async () => {
  await postgres.createDatabase('taken');
  await postgres.psql('CREATE TABLE orders (id int)', 'taken');
  const { status, others } = restore('taken');
  assert.equal(status, 1);
  assert.match(
    others.join('\n'),
    /error: .*relation "orders" already exists\nCommand was: CREATE TABLE public\.orders \(\n/,
  );
  assert.match(others.join('\n'), /from TOC entry/);
  assert.doesNotMatch(others.join('\n'), /creating|processing/);
});

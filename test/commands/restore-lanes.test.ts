import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dumpLines } from '../support/compare.ts';
import { age, count, lanes, latest, stored } from './lanes-shop.ts';
import { flip } from './stored.ts';

describe('a backup in lanes comes back', () => {
  for (const jobs of [['--jobs', '1'], [], ['--jobs', '4']]) {
    test(`with everything that a rich database holds (${jobs.join(' ') || 'as many sessions as fit'})`, async () => {
      const target = await stored.target();
      const run = await stored.run(['restore', stored.backups[0]!.id, ...jobs], { ...target.variables, ...age });
      assert.equal(run.exitCode, 0, run.stdout + run.stderr);
      assert.match(run.stdout, /no difference/);
      assert.match(run.stderr, jobs[1] === '1' ? /from 4 lanes, 1 at once/ : /from 4 lanes, [2-4] at once/);
      assert.deepEqual(
        await dumpLines(stored.postgres, target.name, 'without owners'),
        await dumpLines(stored.postgres, 'rich', 'without owners'),
      );
    });
  }

  test('into a new database, with its owners', async () => {
    const variables = { TARGET_DATABASE_URL: stored.postgres.url('made "here"'), ...age };
    const run = await stored.run([...latest, '--create', '--with-owners'], variables);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.deepEqual(
      await dumpLines(stored.postgres, 'made "here"', 'with owners'),
      await dumpLines(stored.postgres, 'shop', 'with owners'),
    );
  });

  test('in parts: definitions, then rows', async () => {
    const target = await stored.target();
    const definitions = await stored.run([...latest, '--schema-only'], { ...target.variables, ...age });
    assert.equal(definitions.exitCode, 0, definitions.stdout + definitions.stderr);
    assert.equal(await count('notes', target.name), '0');
    await stored.postgres.psql('ALTER TABLE sales.orders DROP CONSTRAINT orders_customer_fkey', target.name);
    assert.equal(await count('pg_largeobject_metadata', target.name), '0');
    const rows = await stored.run([...latest, '--data-only'], { ...target.variables, ...age });
    assert.equal(rows.exitCode, 0, rows.stdout + rows.stderr);
    const large = 'SELECT md5(lo_get(oid)) FROM pg_largeobject_metadata';
    assert.equal(await stored.postgres.psql(large, target.name), await stored.postgres.psql(large, 'shop'));
    assert.match(rows.stdout, /^table public\.notes +60,000 +60,000 +same$/m);
    assert.equal(await stored.postgres.psql("SELECT nextval('counter')", target.name), '2');
  });

  test('in parts: one table, of which only its lane is read', async () => {
    const target = await stored.target();
    flip(lanes().path('data-01'), -1);
    const run = await stored.run([...latest, '--table', 'notes'], { ...target.variables, ...age });
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.match(run.stderr, /loading rows from 1 lane,/);
    assert.equal(await count('notes', target.name), '60000');
    assert.equal(await count("pg_class WHERE relname IN ('customers', 'orders')", target.name), '0');
  });

  test('in parts: one schema, with its indexes and views', async () => {
    const target = await stored.target();
    const args = [...latest, '--schema', 'sales', '--leave-out', 'FK CONSTRAINT'];
    const run = await stored.run(args, { ...target.variables, ...age });
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.equal(await count('sales.per_customer', target.name), '100');
    assert.equal(await count("pg_class WHERE relname = 'notes'", target.name), '0');
  });

  test('without the rows of a table, which is told', async () => {
    const target = await stored.target();
    const args = [...latest, '--leave-out', 'TABLE DATA public.notes'];
    const run = await stored.run(args, { ...target.variables, ...age });
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^TABLE DATA public\.notes +asked for with --leave-out$/m);
    assert.equal(await count('notes', target.name), '0');
    assert.equal(await count('customers', target.name), '100');
  });
});

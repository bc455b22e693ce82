import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dumpLines } from '../support/compare.ts';
import { age, count, lanes, latest, stored } from './lanes-shop.ts';
import { flip } from './stored.ts';

/** A database that holds the backup of this one already. */
async function restored(
  database: string,
): Promise<{ name: string; clean: string[]; variables: Record<string, string> }> {
  const target = await stored.target();
  const variables = { ...target.variables, ...age };
  const restore = ['restore', 'latest', '--database', database];
  const run = await stored.run(restore, variables);
  assert.equal(run.exitCode, 0, run.stdout + run.stderr);
  return { name: target.name, clean: [...restore, '--clean', '--confirm', target.name], variables };
}

describe('--clean puts a backup in lanes in the place of what is there', () => {
  test('of all that a rich database holds, partitions with keys too', async () => {
    const { name, clean, variables } = await restored('rich');
    const database = { name, sql: (text: string) => stored.postgres.psql(text, name) };
    const tables = await database.sql(`SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid > 16384`);
    // A subscription cannot be dropped in a transaction.
    await database.sql('ALTER SUBSCRIPTION rich_subscription SET (slot_name = NONE)');
    await database.sql('CREATE TABLE public.of_its_own AS SELECT 1 AS kept');
    const run = await stored.run(clean, variables);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.equal(await database.sql('SELECT kept FROM of_its_own'), '1');
    await database.sql('DROP TABLE of_its_own');
    assert.equal(await database.sql(`SELECT count(*) FROM pg_class WHERE relkind = 'r' AND oid > 16384`), tables);
    assert.deepEqual(
      await dumpLines(stored.postgres, name, 'without owners'),
      await dumpLines(stored.postgres, 'rich', 'without owners'),
    );
  });

  test('of an empty database', async () => {
    const target = await stored.target();
    const run = await stored.run([...latest, '--clean', '--confirm', target.name], { ...target.variables, ...age });
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.equal(await count('notes', target.name), '60000');
  });

  test('of one table, and no other', async () => {
    const { name, clean, variables } = await restored('shop');
    await stored.postgres.psql('DELETE FROM notes; DELETE FROM sales.orders', name);
    const run = await stored.run([...clean, '--table', 'notes'], variables);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.equal(await count('notes', name), '60000');
    assert.equal(await count('sales.orders', name), '0');
  });

  test('of definitions', async () => {
    const { name, clean, variables } = await restored('shop');
    const run = await stored.run([...clean, '--schema-only'], variables);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.equal(await count('notes', name), '0');
  });
});

test('--clean of lanes that a view of somebody else stands in the way of changes nothing and says so', async () => {
  const { name, clean, variables } = await restored('shop');
  await stored.postgres.psql('DELETE FROM notes WHERE id > 1; CREATE VIEW mine AS SELECT id FROM notes', name);
  const run = await stored.run(clean, variables);
  assert.equal(run.exitCode, 65, run.stdout + run.stderr);
  assert.match(run.stderr, /other objects depend on it[^]*HINT: .*nothing was changed\. Restore into a new database/);
  assert.equal(await count('mine', name), '1');
  assert.equal(await count("pg_constraint WHERE contype = 'f'", name), '1');
});

test('--clean of lanes one of which is damaged says what it leaves, and the same again mends it', async () => {
  const { name, clean, variables } = await restored('shop');
  flip(lanes().path('data-02'), -1);
  const run = await stored.run(clean, variables);
  assert.equal(run.exitCode, 76, run.stdout + run.stderr);
  assert.match(
    run.stderr,
    /is incomplete: tables are there, rows are not all.*\n.*What it held of the backup was dropped/,
  );
  flip(lanes().path('data-02'), -1);
  const again = await stored.run(clean, variables);
  assert.equal(again.exitCode, 0, again.stdout + again.stderr);
  assert.equal(await count('notes', name), '60000');
});

test('--clean with --data-only is refused', async () => {
  const { name, clean, variables } = await restored('shop');
  const run = await stored.run([...clean, '--data-only'], variables);
  assert.equal(run.exitCode, 64, run.stdout + run.stderr);
  assert.match(run.stderr, /--clean drops tables, and --data-only makes none/);
  assert.equal(await count('notes', name), '60000');
});

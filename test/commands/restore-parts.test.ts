import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { custom, flip, plain, refused, stored } from './shop.ts';

describe('only a part', () => {
  for (const [what, args, count, there] of [
    ['a schema', ['--schema', 'sales'], 'SELECT count(*) FROM sales.orders', '20000'],
    ['a table', ['--table', 'customers'], 'SELECT count(*) FROM customers', '100'],
    ['the schema', ['--schema-only'], 'SELECT count(*) FROM customers', '0'],
  ] as const) {
    test(what, async () => {
      const target = await stored.target();
      const run = await stored.run(['restore', custom().id, ...args], target.variables);
      assert.equal(run.exitCode, 0, run.stderr);
      assert.equal(await stored.postgres.psql(count, target.name), there);
    });

    test(`${what} of a damaged object is not restored`, async () => {
      flip(custom().artifact, -2);
      await refused(['restore', custom().id, ...args], {}, 76, /has the SHA-256/);
    });
  }

  test('rows alone into tables that are there and empty, but not into rows', async () => {
    const target = await stored.target();
    await stored.run(['restore', custom().id, '--schema-only'], target.variables);
    const run = await stored.run(['restore', custom().id, '--data-only'], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    const again = await stored.run(['restore', custom().id, '--data-only'], target.variables);
    assert.equal(again.exitCode, 73, again.stderr);
    assert.match(again.stderr, /the table public\.customers .*holds rows already/);
  });

  test('a table that the dump does not hold is refused before anything is touched', async () => {
    for (const asked of ['nowhere', 'public.orders', 'nowhere.customers']) {
      await refused(['restore', custom().id, '--table', asked], {}, 64, new RegExp(`no table.* --table ${asked}`));
    }
    const args = ['restore', custom().id, '--schema', 'sales', '--table', 'customers'];
    await refused(args, {}, 64, /--table customers in the schema sales/);
  });

  test('tables by schema and name, and no other that has the name of one and the schema of another', async () => {
    const target = await stored.target();
    const args = ['--table', 'sales.orders', '--table', 'public.customers'];
    const run = await stored.run(['restore', custom().id, ...args], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, /^table sales\.orders +20,000 +20,000 +same$/m);
    assert.match(run.stdout, /^table public\.customers +100 +100 +same$/m);
    assert.doesNotMatch(run.stdout, /DIFFERENT|not compared/);
    const kept =
      "SELECT string_agg(schemaname || '.' || tablename, ' ' ORDER BY schemaname) FROM pg_tables WHERE schemaname IN ('sales', 'public')";
    assert.equal(await stored.postgres.psql(kept, target.name), 'public.customers sales.orders');
  });

  test('of a plain dump is refused', async () => {
    await refused(['restore', plain().id, '--table', 'customers'], {}, 64, /can only be restored whole/);
  });
});

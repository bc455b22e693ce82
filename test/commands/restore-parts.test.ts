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

  test('a table that the dump does not hold is a difference', async () => {
    const target = await stored.target();
    const run = await stored.run(['restore', custom().id, '--table', 'nowhere'], target.variables);
    assert.equal(run.exitCode, 76, run.stderr);
    assert.match(run.stdout, /^--table nowhere +there +not there +DIFFERENT$/m);
  });

  test('of a plain dump is refused', async () => {
    await refused(['restore', plain().id, '--table', 'customers'], {}, 64, /can only be restored whole/);
  });
});

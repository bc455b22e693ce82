import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useStored } from '../commands/stored.ts';
import { dockerLines } from './docker-lines.ts';
import { block } from './text.ts';

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
  },
  [{ database: 'shop' }],
);

test('the commands that keep, check and report do what the README says', async () => {
  const outputs: string[] = [];
  for (const { args, variables } of await dockerLines(block('sh', 'pg-offsite check'))) {
    const { exitCode, stdout, stderr } = await stored.run(args, {
      DATABASE_URL: stored.postgres.url('shop'),
      ...variables,
    });
    assert.equal(exitCode, 0, stderr);
    outputs.push(stdout);
  }
  const [plan = '', check = '', page = ''] = outputs;
  assert.match(plan, /^shop: 1 of 1 backup stays, none goes/);
  assert.match(plan, /KEEP_DAILY=7, KEEP_WEEKLY=5, KEEP_MONTHLY=12/);
  assert.match(check, /^ok shop: newest backup /);
  assert.match(page, /^<!doctype html>/i);
  assert.match(page, /\bshop\b/);
});

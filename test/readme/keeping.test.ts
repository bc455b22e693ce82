import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useStored } from '../commands/stored.ts';
import { runCommand } from '../support/run-command.ts';
import { block } from './text.ts';

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
  },
  [{ database: 'shop' }],
);

test('the commands that keep, check and report do what the README says', async () => {
  // What the commands would write goes nowhere, also where they send it to a file.
  const commands = block('sh', 'pg-offsite check').replaceAll(/ > \S+$/gm, ' > /dev/null');
  const script = `exec 3>&1; docker() { printf '%s\\0' "$@" >&3; printf '\\n' >&3; }\n${commands}`;
  const calls = (await runCommand('sh', ['-euc', script])).trim().split('\n');
  const outputs: string[] = [];
  for (const call of calls) {
    const words = call.split('\0').slice(0, -1);
    const program = words.indexOf('pg-offsite');
    const env = words.filter((_, index) => words[index - 1] === '-e').map((pair) => pair.split(/=(.*)/s, 2));
    const { exitCode, stdout, stderr } = await stored.run(words.slice(program + 1), {
      DATABASE_URL: stored.postgres.url('shop'),
      ...(Object.fromEntries(env) as Record<string, string>),
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

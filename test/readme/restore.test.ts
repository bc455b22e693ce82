import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useStored } from '../commands/stored.ts';
import { block } from './text.ts';

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql('create table t as select generate_series(1, 1000) as n', 'shop');
  },
  [{ database: 'shop' }],
);

test('the commands that read backups do what the README says', async () => {
  const lines = block('sh', 'pg-offsite verify latest').trim().split('\n');
  const outputs: string[] = [];
  for (const line of lines) {
    const args = /^docker run --rm --env-file restore\.env (?:--read-only -v \S+:\/tmp )?pg-offsite (.*)$/
      .exec(line)?.[1]
      ?.split(' ');
    assert.ok(args, line);
    const { exitCode, stdout, stderr } = await stored.run(args);
    assert.equal(exitCode, 0, stderr);
    outputs.push(stdout);
  }
  const [id] = stored.backups.map((backup) => backup.id);
  assert.equal(outputs.length, 3);
  for (const output of outputs) assert.ok(output.includes(id ?? ''), output);
});

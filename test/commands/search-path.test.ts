import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { backUp, restoreInto } from '../roundtrip/round-trip.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { guideBlocks } from '../support/restore-by-guide.ts';
import { nothing, useStored } from './stored.ts';

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql(
      `CREATE FUNCTION helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
     CREATE FUNCTION norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT helper($1)';
     CREATE TABLE t AS SELECT $$set_config('search_path', '', false)$$::text AS v; CREATE INDEX t_norm_idx ON t (norm(v))`,
      'shop',
    );
  },
  [{ database: 'shop' }],
);
const warning =
  /public\.norm, used by index t_norm_idx, finds helper by search_path, .*: ALTER FUNCTION public\.norm\(text\)/;

test('a backup that cannot be restored as it is says so, and the doctor does', async () => {
  const variables = { DATABASE_URL: stored.postgres.url('shop') };
  const backup = await stored.run([], variables);
  assert.equal(backup.exitCode, 0, backup.stderr);
  assert.match((JSON.parse(backup.stdout) as { warnings: string[] }).warnings.join('\n'), warning);
  assert.match(backup.stderr, warning);
  const doctor = await stored.run(['doctor'], variables);
  assert.equal(doctor.exitCode, 0, doctor.stdout);
  assert.match(doctor.stdout, new RegExp(`^warn  restoring: ${warning.source}`, 'm'));
});

test('its restore fails, says what to do, and that restores it', async () => {
  const target = await stored.target();
  const run = await stored.run(['restore', 'latest'], target.variables);
  assert.equal(run.exitCode, 65, run.stderr);
  assert.match(
    run.stderr,
    /helper\(text\) does not exist[^]*HINT: .*sed "1,\/search_path\/s\/.*\(see docs\/RESTORING\.md/,
  );
  assert.equal(await stored.held(target.name), nothing);

  const docs = readFileSync(join(import.meta.dirname, '../../docs/RESTORING.md'), 'utf8');
  const pipeline =
    guideBlocks(docs)
      .find((block) => block.includes('search_path'))
      ?.trimEnd() ?? '';
  const { guide } = await backUp({
    DATABASE_URL: stored.postgres.url('shop'),
    BACKUP_DESTINATION: `file://${temporaryFolder()}`,
  });
  let replaced = 0;
  const edit = (commands: string): string =>
    commands.replace(/pg_restore --no-owner[^|]*?--dbname=''/, () => {
      replaced += 1;
      return pipeline;
    });
  const { exitCode, stderr } = await restoreInto(stored.postgres, 'again', guide, { edit, variables: {} });
  assert.equal(replaced, 1);
  assert.equal(exitCode, 0, stderr);
  assert.equal(
    await stored.postgres.psql("SELECT v FROM t WHERE norm(v) LIKE 'set%'", 'again'),
    "set_config('search_path', '', false)",
  );
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { lanesOf } from '../../src/catalog/lanes.ts';
import { dumpLines } from '../support/compare.ts';
import { runCommand } from '../support/run-command.ts';
import { useStored } from './stored.ts';

const identity = await runCommand('age-keygen', []);
const age = { AGE_RECIPIENTS: /age1\w+/.exec(identity)?.[0] ?? '' };
const key = { AGE_IDENTITY: identity.trim() };

const fixtures = join(import.meta.dirname, '../fixtures');
const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('rich', join(fixtures, 'rich.sql'));
    await postgres.createDatabase('shop', join(fixtures, 'shop.sql'));
  },
  [
    { database: 'rich', variables: { ...age, JOBS: '3' } },
    { database: 'shop', variables: { ...age, ...key, JOBS: '2', VERIFY: 'drill' } },
  ],
);

for (const [index, what] of ['of a rich database', 'that was drilled as it was made'].entries()) {
  test(`a backup that JOBS divided, ${what}, comes back whole`, async () => {
    const { id, manifest } = stored.backups[index]!;
    assert.ok(lanesOf(manifest), 'it is in lanes');
    assert.equal(manifest.verified, index === 0 ? 'head' : 'drill');
    const target = await stored.target();
    const run = await stored.run(['restore', id], { ...target.variables, ...key });
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.deepEqual(
      await dumpLines(stored.postgres, target.name, 'without owners'),
      await dumpLines(stored.postgres, manifest.database, 'without owners'),
    );
    const verified = await stored.run(['verify', id], key);
    assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr);
  });
}

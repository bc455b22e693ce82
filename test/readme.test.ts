import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withTables } from '../.ci/readme-tables.ts';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');

test('the tables of variables and exit codes in the README are those of the code (npm run readme)', () => {
  assert.equal(readme, withTables(readme));
});

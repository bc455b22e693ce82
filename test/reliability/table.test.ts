import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { testsByFault, withFaults } from '../../.ci/reliability-table.ts';
import { faults } from './faults.ts';

test('docs/RELIABILITY.md lists the tests that there are (npm run reliability)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/RELIABILITY.md'), 'utf8');
  assert.equal(page, withFaults(page));
});

test('every fault has a test, or a reason why not', () => {
  const tests = testsByFault();
  const bare = faults.filter(({ number, untested }) => (untested === undefined) === !tests.has(number));
  assert.deepEqual(bare, []);
});

test('no test names a fault that there is not', () => {
  const known = new Set(faults.map(({ number }) => number));
  assert.deepEqual(
    [...testsByFault().keys()].filter((number) => !known.has(number)),
    [],
  );
});

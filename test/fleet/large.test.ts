import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

test('a fleet of 10,000 databases is shared so that each is in exactly one share', () => {
  const bench = join(import.meta.dirname, '../../bench/fleet.ts');
  const output = execFileSync(process.execPath, [bench], {
    encoding: 'utf8',
    env: { ...process.env, FLEET_BENCH: '10000x2' },
  });
  assert.match(output, /^10,000 databases, 80,000 objects/);
  assert.match(output, /every member in exactly one of 64 shares/);
});

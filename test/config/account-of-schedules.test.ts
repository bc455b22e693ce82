import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOfNames } from '../../src/config/account-of-names.ts';

for (const [written, meant] of [
  ['@every 6h', '0 */6 * * *'],
  ['@every 1h', '0 */1 * * *'],
  ['@every 24h', '@daily'],
  ['@every 15m', '*/15 * * * *'],
  ['@every 7h', undefined],
  ['@every 45m', undefined],
  ['@every 0h', undefined],
  ['@every 90m', undefined],
  ['@every 1h30m', undefined],
] as const) {
  test(`another tool's SCHEDULE=${written} is ${meant ?? 'told without a value'}`, () => {
    const [account] = accountOfNames({ SCHEDULE: written });
    const value = / write BACKUP_SCHEDULE="(.*)"$/.exec(account?.note ?? '')?.[1];
    assert.equal(value, meant);
  });
}

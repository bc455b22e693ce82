import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, read } from './reading.ts';

test('a stall is never waited for longer than the whole run', () => {
  assert.equal(read({ BACKUP_TIMEOUT: '10m' }).run.stallTimeoutMs, 600_000);
});

test('BACKUP_TIMEZONE is one of the IANA list', () => {
  const schedule = { BACKUP_SCHEDULE: '0 3 * * *' };
  assert.equal(read({ ...schedule, BACKUP_TIMEZONE: 'Europe/Berlin' }).run.timezone, 'Europe/Berlin');
  for (const zone of ['+02:00', 'Berlin', 'MESZ']) {
    assertProblem({ ...schedule, BACKUP_TIMEZONE: zone }, /is no time zone of the IANA list, .*=Europe\/Berlin$/);
  }
});

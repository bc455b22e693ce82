import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertProblem, read } from './reading.ts';

describe('BACKUP_SCHEDULE', () => {
  for (const schedule of ['0 3 * * *', '*/15 * * * 1-5', '@daily', '0 3 * * MON,FRI']) {
    test(`takes ${schedule}`, () => {
      assert.equal(read({ BACKUP_SCHEDULE: schedule }).run.schedule, schedule);
    });
  }

  for (const schedule of ['0 3 * *', '0 0 3 * * *', '61 3 * * *', 'daily', '0 3 31 2 *', '0 25 * * *']) {
    test(`refuses ${schedule}`, () => {
      assertProblem({ BACKUP_SCHEDULE: schedule }, /is no cron expression of five fields, .*="0 3 \* \* \*"$/);
    });
  }

  test('has a time zone of the IANA list', () => {
    const schedule = { BACKUP_SCHEDULE: '0 3 * * *' };
    assert.equal(read({ ...schedule, BACKUP_TIMEZONE: 'Europe/Berlin' }).run.timezone, 'Europe/Berlin');
    for (const zone of ['+02:00', 'Berlin', 'MESZ']) {
      assertProblem({ ...schedule, BACKUP_TIMEZONE: zone }, /is no time zone of the IANA list, .*=Europe\/Berlin$/);
    }
  });
});

test('a stall is never waited for longer than the whole run', () => {
  assert.equal(read({ BACKUP_TIMEOUT: '10m' }).run.stallTimeoutMs, 600_000);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertProblem, read } from './reading.ts';

describe('BACKUP_SCHEDULE', () => {
  for (const expression of ['0 3 * * *', '*/15 * * * 1-5', '@daily', '0 3 * * MON,THU', '0 3 29 2 *', '0 3 L * *']) {
    test(`takes ${expression}`, () => {
      assert.deepEqual(read({ BACKUP_SCHEDULE: expression }).run.schedule, { expression, timezone: 'UTC' });
    });
  }

  test('may have any white space between its fields', () => {
    assert.equal(read({ BACKUP_SCHEDULE: ' 0  3 *\t* * ' }).run.schedule?.expression, '0 3 * * *');
  });

  const bad = ['0 3 * *', '0 0 3 * * *', '61 3 * * *', 'daily', '0 3 31 2 *', '0 25 * * *', 'H 3 * * *', '0 1,H * * *'];
  for (const expression of bad) {
    test(`refuses ${expression}`, () => {
      assertProblem({ BACKUP_SCHEDULE: expression }, /is no cron expression of five fields, .*="0 3 \* \* \*"$/);
      const quoted = /five fields \(the quotes are part of the value: .*\), for example BACKUP_SCHEDULE=0 3 \* \* \*$/;
      assertProblem({ BACKUP_SCHEDULE: `"${expression}"` }, quoted);
    });
  }
});

describe('BACKUP_TIMEOUT beside BACKUP_SCHEDULE', () => {
  const warnings = (changes: Record<string, string>): readonly string[] => read(changes).warnings;

  test('is told when it is longer than the shortest time between two starts', () => {
    const [warning, ...more] = warnings({ BACKUP_SCHEDULE: '0 */4 * * *', BACKUP_TIMEOUT: '5h' });
    assert.match(warning ?? '', /^BACKUP_TIMEOUT, 5h, is longer than .* BACKUP_SCHEDULE, 4h:/);
    assert.deepEqual(more, []);
  });

  test('is measured against the shortest night of the year', () => {
    const daily = { BACKUP_SCHEDULE: '30 2 * * *', BACKUP_TIMEOUT: '23.5h' };
    assert.equal(warnings({ ...daily, BACKUP_TIMEZONE: 'Europe/Berlin' }).length, 1);
    assert.deepEqual(warnings({ ...daily, BACKUP_TIMEZONE: 'Asia/Tokyo' }), []);
  });

  test('is no trouble when it is as long or shorter', () => {
    assert.deepEqual(warnings({ BACKUP_SCHEDULE: '0 */4 * * *', BACKUP_TIMEOUT: '3h' }), []);
    assert.deepEqual(warnings({ BACKUP_SCHEDULE: '0 */4 * * *', BACKUP_TIMEOUT: '4h', BACKUP_TIMEZONE: 'UTC' }), []);
    assert.deepEqual(warnings({ BACKUP_SCHEDULE: '0 3 29 2 *' }), []);
  });
});

describe('SCHEDULE_JITTER', () => {
  test('is none by default', () => {
    assert.deepEqual(read().scheduler, { jitterMs: 0, port: undefined });
  });

  test('is shorter than the time between two starts', () => {
    const hourly = { BACKUP_SCHEDULE: '0 * * * *', BACKUP_TIMEOUT: '10m' };
    assert.equal(read({ ...hourly, SCHEDULE_JITTER: '59m' }).scheduler.jitterMs, 59 * 60_000);
    assertProblem({ ...hourly, SCHEDULE_JITTER: '1h' }, /^SCHEDULE_JITTER, 1h, is not shorter than .*=5m$/);
  });

  test('has no effect without a schedule, which is told', () => {
    assert.match(read({ SCHEDULE_JITTER: '5m' }).warnings.join(), /no effect without BACKUP_SCHEDULE/);
  });

  test('has an example when it is no duration', () => {
    assertProblem({ SCHEDULE_JITTER: '5 minutes' }, /is not a duration: .* for example SCHEDULE_JITTER=5m$/);
  });
});

test('SCHEDULE_PORT is a port, and the address of a service of Kubernetes is not meant', () => {
  assert.equal(read({ SCHEDULE_PORT: '9187' }).scheduler.port, 9187);
  assert.equal(read({ SCHEDULE_PORT: 'tcp://10.0.0.1:80' }).scheduler.port, undefined);
  assertProblem({ SCHEDULE_PORT: '70000' }, /is not a whole number from 1 to 65535, for example SCHEDULE_PORT=9187$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { salvageConfig } from '../../src/config/salvage.ts';
import { createRedactor } from '../../src/redact.ts';

const good = {
  DATABASE_URL: 'postgresql://app:pw-of-app@db.example.com/shop',
  BACKUP_DESTINATION: 's3://backups/nightly',
  SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T0/B0/abc',
  BACKUP_SCHEDULE: '0 3 * * *',
};

test('a configuration that is right is salvaged whole', () => {
  const { notify, database, store, schedule } = salvageConfig(good);
  assert.equal(notify.slackUrl?.reveal(), good.SLACK_WEBHOOK_URL);
  assert.equal(database, 'shop');
  assert.equal(store?.kind === 's3' && store.bucket, 'backups');
  assert.equal(schedule?.expression, '0 3 * * *');
});

for (const [what, changes, left] of [
  ['DATABASE_URL', { DATABASE_URL: 'postgres//nothing' }, { store: true, schedule: true, slack: true }],
  ['the store', { BACKUP_DESTINATION: 'somewhere' }, { database: true, schedule: true, slack: true }],
  ['the schedule', { BACKUP_SCHEDULE: 'daily' }, { database: true, store: true, slack: true }],
  ['the time zone', { BACKUP_TIMEZONE: 'Mars' }, { database: true, store: true, schedule: true, slack: true }],
  ['a channel', { SLACK_WEBHOOK_URL: 'slack' }, { database: true, store: true, schedule: true }],
  ['the way of telling', { NOTIFY_ON: 'never' }, { database: true, store: true, schedule: true, slack: true }],
  [
    'a file of a secret',
    { DATABASE_URL: '', DATABASE_URL_FILE: '/nowhere' },
    { store: true, schedule: true, slack: true },
  ],
] as const) {
  test(`${what} being wrong takes nothing else away`, () => {
    const { notify, database, store, schedule } = salvageConfig({ ...good, ...changes });
    const found = { database, store, schedule, slack: notify.slackUrl };
    const there = Object.fromEntries(
      Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, true]])),
    );
    assert.deepEqual(there, left);
    assert.equal(notify.on, 'failure');
  });
}

test('nothing at all is salvaged from nothing', () => {
  const { database, store, schedule, secrets } = salvageConfig({});
  assert.deepEqual([database, store, schedule, secrets], [undefined, undefined, undefined, []]);
});

test('every secret is known, also short passwords of mail servers and gateways, as they are meant', () => {
  const { secrets } = salvageConfig({
    ...good,
    SMTP_URL: 'smtp://me:p%40ss@mail.example.com',
    EMAIL_FROM: 'a@example.com',
    EMAIL_TO: 'b@example.com',
    PUSHGATEWAY_URL: 'http://me:pu%2Fsh@gateway:9091',
    TARGET_DATABASE_URL: 'postgresql://app:pw-of-target@db/target',
    DRILL_DATABASE_URL: 'postgresql://app:pw-of-drill@db/postgres',
  });
  const redact = createRedactor(secrets);
  for (const secret of ['pw-of-app', 'p@ss', 'pu/sh', 'pw-of-target', 'pw-of-drill', good.SLACK_WEBHOOK_URL]) {
    assert.equal(redact(`it is ${secret} there`), 'it is *** there');
  }
});

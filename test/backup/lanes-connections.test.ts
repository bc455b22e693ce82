import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useScene } from './scene.ts';

const scene = useScene();

test('a role that may have two connections dumps one lane after the other, and is told so', async () => {
  await scene.postgres.psql(
    `CREATE ROLE thrifty LOGIN PASSWORD 'thrifty' CONNECTION LIMIT 2; GRANT pg_read_all_data TO thrifty`,
  );
  const changes = {
    DATABASE_URL: scene.postgres.url('shop', { user: 'thrifty', password: 'thrifty' }),
    GLOBALS: 'on',
    JOBS: '3',
  };
  const { run } = await scene.succeeds(changes);
  assert.match(run.stderr, /WARN: JOBS=3 takes more connections than the server leaves/);
  assert.match(run.stderr, /dumping into 3 objects, 1 at once/);
});

for (const [limit, words] of [
  [8, /dumping into 3 objects, 3 at once$/m],
  [9, /dumping into 3 objects, 2 at once and the definitions beside$/m],
] as const) {
  test(`the definitions are beside only where half of what is free stays so, such as not with 8 connections: ${String(limit)}`, async () => {
    const user = `limited${String(limit)}`;
    await scene.postgres.psql(
      `CREATE ROLE ${user} LOGIN PASSWORD 'limited' CONNECTION LIMIT ${String(limit)}; GRANT pg_read_all_data TO ${user}`,
    );
    const url = scene.postgres.url('shop', { user, password: 'limited' });
    const { run } = await scene.succeeds({ DATABASE_URL: url, GLOBALS: 'on', JOBS: '3' });
    assert.match(run.stderr, words);
  });
}

test('a role that may not read statistics dumps in lanes all the same', async () => {
  await scene.postgres.psql(
    `CREATE ROLE blind LOGIN PASSWORD 'blind';
     GRANT USAGE ON SCHEMA public TO blind; GRANT SELECT ON ALL TABLES IN SCHEMA public TO blind;
     GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO blind;
     REVOKE SELECT ON pg_catalog.pg_stats FROM PUBLIC`,
    'shop',
  );
  const changes = { DATABASE_URL: scene.postgres.url('shop', { user: 'blind', password: 'blind' }), GLOBALS: 'off' };
  const { run } = await scene.succeeds({ ...changes, JOBS: '3' });
  assert.match(run.stderr, /dumping into 3 objects, 2 at once and the definitions beside/);
});

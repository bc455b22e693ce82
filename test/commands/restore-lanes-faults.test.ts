import assert from 'node:assert/strict';
import { copyFileSync, rmSync, truncateSync } from 'node:fs';
import { describe, test } from 'node:test';
import pg from 'pg';
import { until } from '../support/until.ts';
import { rewrite } from './lanes-scene.ts';
import { age, count, fails, lanes, latest, otherAge, shop, stored } from './lanes-shop.ts';
import { flip } from './stored.ts';

describe('nothing is done to the target', () => {
  test('with a wrong key, or none', async () => {
    await fails(latest, 78, /AGE_IDENTITY does not/, 'nothing', otherAge);
    await fails(latest, 78, /AGE_IDENTITY is not set/, 'nothing', { AGE_IDENTITY: '' });
  });
  for (const lane of ['schema', 'data-02', 'rest']) {
    test(`without the lane ${lane}`, async () => {
      rmSync(lanes().path(lane));
      await fails(latest, 76, /database-\S+\.dump\.zst\.age is missing/);
    });
    test(`with the lane ${lane} cut`, async () => {
      truncateSync(lanes().path(lane), 300);
      await fails(latest, 76, /has 300 bytes, but the manifest records/);
    });
    test(`with a damaged head of the lane ${lane}`, async () => {
      flip(lanes().path(lane), 150);
      await fails(latest, 76, /has the SHA-256 \w+, but the manifest records/);
    });
  }
  test('with a damaged end of the schema', async () => {
    flip(lanes().path('schema'), -1);
    await fails(latest, 76, /database-schema\.dump\.zst\.age has the SHA-256 \w+, but the manifest records/);
  });
  test('with a lane in the place of another', async () => {
    copyFileSync(lanes().path('data-02'), lanes().path('data-01'));
    await fails(latest, 76, /database-data-01\.dump\.zst\.age has \d+ bytes, but the manifest records/);
  });
});

describe('what is left behind is told', () => {
  for (const lane of ['data-01', 'data-02', 'rest']) {
    test(`of a backup whose lane ${lane} is damaged at its end, and nothing of that lane is there`, async () => {
      flip(lanes().path(lane), -1);
      const database = await fails(
        latest,
        76,
        /has the SHA-256 .* is incomplete: tables are there, rows are not all/,
        'parts',
      );
      if (lane === 'data-01') assert.equal(await count('sales.orders', database), '0');
      if (lane === 'data-02') assert.equal(await count('notes', database), '0');
      if (lane === 'rest') assert.equal(await count('pg_largeobject', database), '0');
    });
  }
  test('not of a database that was made, which is dropped again', async () => {
    flip(lanes().path('data-02'), -1);
    const variables = { TARGET_DATABASE_URL: stored.postgres.url('unmade'), ...age };
    const run = await stored.run([...latest, '--create'], variables);
    assert.equal(run.exitCode, 76, run.stderr);
    assert.match(run.stderr, /dropped the database unmade again/);
    assert.doesNotMatch(run.stderr, /incomplete/);
    assert.equal(await count("pg_database WHERE datname = 'unmade'", 'postgres'), '0');
  });
  test('of lanes that decode to more than is allowed, all of them together', async () => {
    await fails(latest, 65, /decode to more than 5\.24 MB.* is incomplete/, 'parts', { RESTORE_MAX_SIZE: '5MiB' });
    const run = await stored.run(['verify', shop().id, '--database', 'shop'], { ...age, RESTORE_MAX_SIZE: '5MiB' });
    assert.equal(run.exitCode, 65, run.stdout + run.stderr);
    assert.match(run.stdout, /and what belongs to it decode to more than/);
  });
  test('of a backup whose definitions took another lane for theirs', async () => {
    const { manifest } = lanes();
    const names: Record<string, string> = { schema: 'data-01', 'data-01': 'schema' };
    const artifacts = manifest.artifacts.map((one) => ({ ...one, lane: names[one.lane] ?? one.lane }));
    rewrite(shop(), manifest, { artifacts });
    const target = await stored.target();
    const run = await stored.run(latest, { ...target.variables, ...age });
    assert.equal(run.exitCode, 65, run.stdout + run.stderr);
  });
  test('of a manifest that keeps a lane back: its rows are missed', async () => {
    const { manifest } = lanes();
    rewrite(shop(), manifest, { artifacts: manifest.artifacts.filter(({ lane }) => lane !== 'data-03') });
    const target = await stored.target();
    const run = await stored.run([...latest, '--leave-out', 'FK CONSTRAINT'], { ...target.variables, ...age });
    assert.equal(run.exitCode, 76, run.stdout + run.stderr);
    assert.match(run.stdout, /^table public\.customers +100 +0 +DIFFERENT$/m);
  });
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`of a run that ${signal} ended in the middle of the rows`, async () => {
      const target = await stored.target();
      // The lane of the rest waits for a lock that somebody holds on the catalog that large objects are written to.
      const holder = new pg.Client(stored.postgres.url(target.name));
      holder.on('error', () => undefined);
      await holder.connect();
      await holder.query('BEGIN; LOCK TABLE pg_catalog.pg_largeobject IN SHARE MODE');
      const run = stored.start([...latest, '--jobs', '2'], { ...target.variables, ...age });
      const waiting = 'SELECT count(*) FROM pg_locks WHERE NOT granted';
      await until('it waits', async () => (await stored.postgres.psql(waiting)) !== '0');
      run.signal(signal);
      const { exitCode, stderr } = await run.ended;
      await holder.end();
      const sessions = `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pg-offsite%'`;
      await until('no session is left', async () => (await stored.postgres.psql(sessions)) === '0');
      if (signal === 'SIGTERM') {
        assert.equal(exitCode, 143, stderr);
        assert.match(stderr, /is incomplete: tables/);
      }
      const again = await stored.run(latest, { ...target.variables, ...age });
      assert.equal(again.exitCode, 73, again.stderr);
      assert.match(again.stderr, /is not empty: it holds /);
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runEntrypoint } from '../support/entrypoint.ts';
import { envOfMany, idOfMany, startManyBackups } from '../support/many-backups.ts';

const minuteMs = 60_000;

test('of 100,000 backups the last are listed in five requests, and all are in 100 MB of heap', async (t) => {
  const many = { databases: 1, each: 100_000, everyMs: 5 * minuteMs, newest: new Date(Date.now() - minuteMs) };
  const server = await startManyBackups(many);
  t.after(() => server.close());
  const env = { ...envOfMany(server.url), NODE_OPTIONS: '--max-old-space-size=100' };

  const last = await runEntrypoint(env, { args: ['list', '--last', '30', '--json'] });
  assert.equal(last.exitCode, 0, last.stderr);
  const { backups } = JSON.parse(last.stdout) as { backups: { id: string }[] };
  assert.deepEqual(
    backups.map(({ id }) => id),
    Array.from({ length: 30 }, (_, at) => idOfMany(many, many.each - 30 + at)),
  );
  assert.deepEqual(server.takeCalls(), { ListObjectsV2: 4, ListFolders: 1, GetObject: 30 });

  const check = await runEntrypoint(env, { args: ['check', '--max-age', '1h'] });
  assert.equal(check.exitCode, 0, check.stderr);
  assert.deepEqual(server.takeCalls(), { ListObjectsV2: 4, ListFolders: 1, GetObject: 1 });

  // A drill of any of them may be the newest proof.
  const proved = await runEntrypoint(env, { args: ['check', '--max-age', '1h', '--proved'] });
  assert.match(proved.stdout, /^LATE shop: .*never proved by a drill/);
  assert.match(proved.stderr, /listed 500,000 objects/);
  assert.deepEqual(server.takeCalls(), { ListObjectsV2: 500, GetObject: 1 });
});

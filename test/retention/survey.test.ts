import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { type Survey, surveyStore } from '../../src/retention/survey.ts';
import type { S3Server } from '../support/s3-server.ts';
import { sampleArtifact } from '../catalog/sample-manifest.ts';
import { calm, scripted } from '../store/scripted.ts';
import { backupOf, nightly, preload } from './preloaded.ts';

async function surveyed(t: TestContext, arrange: (server: S3Server) => void): Promise<Survey[]> {
  const { server, store } = await scripted(t, { retryForMs: 0 });
  arrange(server);
  return surveyStore({ store, database: undefined, backupTimeoutMs: 1000, signal: calm() });
}

function proof(id: string, time: string, outcome: string, content = `dump of ${id}`): [string, string] {
  const value = {
    schemaVersion: 1,
    tool: { name: 'pg-offsite', version: '0.1.0' },
    id,
    database: 'shop',
    startedAt: '2026-11-20T03:00:00.000Z',
    finishedAt: '2026-11-20T03:10:00.000Z',
    outcome,
    restoreMs: null,
    versions: { server: null, client: null },
    artifacts: [{ key: 'database.dump.zst.age', sha256: sampleArtifact(content).sha256 }],
    compared: 0,
    differences: [],
    notCompared: [],
    leftOut: [],
    checks: [],
    missingExtensions: [],
  };
  return [`pg/shop/${id}/proof-${time}.json`, JSON.stringify(value)];
}

test('fault 51: what is damaged, unfinished or foreign is neither counted nor a candidate', async (t) => {
  const good = backupOf(new Date());
  const [damaged, shrunk, lost, other, copied] = nightly(5);
  const foreign = backupOf(new Date(), { tool: { name: 'another', version: '1' } });
  const [survey, ...more] = await surveyed(t, (server) => {
    preload(server, [good, damaged!, shrunk!, lost!, foreign]);
    server.put(`pg/${damaged!.folder}manifest.json`, '{"schemaVersion":1');
    server.put(`pg/${shrunk!.folder}database.dump.zst.age`, 'cut');
    server.objects().delete(`pg/${lost!.folder}database.dump.zst.age`);
    for (const [key, content] of copied!.files) server.put(`pg/${key.replace(copied!.id, other!.id)}`, content);
    for (const key of ['pg/shop/dump.sql.gz', 'pg/shop/20261120T030000Z/manifest.json', 'pg/photos/a.jpg', 'x'])
      server.put(key, 'foreign');
  });
  assert.deepEqual(more, []);
  assert.deepEqual(
    survey!.backups.map(({ id }) => id),
    [good.id],
  );
  assert.deepEqual(survey!.leftovers, []);
  const why = new Map(survey!.untouched.map(({ folder, why: words }) => [folder, words]));
  assert.match(why.get(damaged!.folder) ?? '', /^its manifest cannot be believed: .* is not valid JSON$/);
  assert.match(why.get(shrunk!.folder) ?? '', /^database.dump.zst.age is missing or not of the size/);
  assert.equal(why.get(lost!.folder), 'its data is missing');
  assert.match(why.get(other!.folder) ?? '', /is the manifest of shop/);
  assert.equal(why.get(foreign.folder), 'it was made by another');
  assert.equal(why.size, 5);
});

for (const [title, drills, expected] of [
  ['no drill', [], false],
  ['one that passed', ['passed'], true],
  ['one that failed', ['failed'], false],
  ['one that failed after one that passed', ['passed', 'failed'], false],
  ['one that passed after one that failed', ['failed', 'passed'], true],
  ['one that could not run after one that passed', ['passed', 'could not run'], true],
  ['nonsense after one that passed', ['passed', 'nonsense'], true],
] as const) {
  test(`${title}: the backup counts as ${expected ? '' : 'not '}proved`, async (t) => {
    const backup = backupOf(new Date());
    const [survey] = await surveyed(t, (server) => {
      preload(server, [backup]);
      for (const [index, outcome] of drills.entries())
        server.put(...proof(backup.id, `2026112${String(index)}T000000Z`, outcome));
    });
    assert.equal(survey?.backups[0]?.proved, expected);
  });
}

test('a proof of other bytes than the manifest records does not count', async (t) => {
  const backup = backupOf(new Date());
  const [survey] = await surveyed(t, (server) => {
    preload(server, [backup]);
    server.put(...proof(backup.id, '20261121T000000Z', 'passed', 'what stood there before'));
  });
  assert.equal(survey?.backups[0]?.proved, false);
});

test('from half of the truth nothing is decided', async (t) => {
  const refused = surveyed(t, (server) => {
    preload(server, nightly(5));
    server.fault({ operation: 'GetObject', from: 3, action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
  });
  await assert.rejects(refused, (error) => error instanceof Failure && error.exitCode === 77);
});

test('a backup that another prune removes meanwhile is passed over', async (t) => {
  const backups = nightly(3);
  const [survey] = await surveyed(t, (server) => {
    preload(server, backups);
    const when = ({ key }: { key: string }): boolean => key.includes(backups[1]!.id);
    const gone = { kind: 'answer', status: 404, code: 'NoSuchKey' } as const;
    server.fault({ operation: ['GetObject', 'HeadObject'], when, action: gone });
  });
  assert.deepEqual(survey?.backups.map(({ id }) => id).sort(), [backups[2]!.id, backups[0]!.id].sort());
  assert.deepEqual(survey.untouched, []);
});

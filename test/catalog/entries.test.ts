import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { describeEntries, listCatalog, readEntry } from '../../src/catalog/entries.ts';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { Failure } from '../../src/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { scripted } from '../store/scripted.ts';
import { never } from '../support/shell-stage.ts';
import { sampleManifest } from './sample-manifest.ts';

const ids = ['20260620T030000Z-aaaaaa', '20260621T030000Z-bbbbbb', '20260622T030000Z-cccccc'] as const;

async function filled(
  t: TestContext,
): Promise<{ store: Store; server: Awaited<ReturnType<typeof scripted>>['server'] }> {
  const { store, server } = await scripted(t);
  server.put(`pg/shop/${ids[2]}/manifest.json`, serializeManifest(sampleManifest({ id: ids[2] })));
  server.put(`pg/shop/${ids[2]}/database.dump`, 'dump');
  server.put(`pg/other/${ids[1]}/database.dump`, 'dump');
  server.put(`pg/other/${ids[1]}/manifest.json`, serializeManifest(sampleManifest({ id: ids[1], database: 'other' })));
  server.put(`pg/shop/${ids[0]}/database.dump`, 'left behind');
  server.put('pg/shop/notes.txt', 'mine');
  for (const ours of ['report.html', 'status.svg']) server.put(`pg/${ours}`, 'written by each run');
  return { store, server };
}

test('a store is listed by backup, oldest first, and reads no manifest', async (t) => {
  const { store, server } = await filled(t);
  const { entries, foreign } = await listCatalog(store, undefined, never);
  assert.deepEqual(
    entries.map(({ database, id, complete, objects }) => [database, id, complete, objects.length]),
    [
      ['shop', ids[0], false, 1],
      ['other', ids[1], true, 2],
      ['shop', ids[2], true, 2],
    ],
  );
  assert.deepEqual(foreign, ['shop/notes.txt']);
  assert.ok(server.calls.every(({ operation }) => operation === 'ListObjectsV2'));
  const shop = await listCatalog(store, 'shop', never);
  assert.deepEqual(
    shop.entries.map(({ id }) => id),
    [ids[0], ids[2]],
  );
});

test('a damaged manifest does not hide the others; the order stays', async (t) => {
  const { store, server } = await filled(t);
  server.put(`pg/other/${ids[1]}/manifest.json`, '{');
  const { entries } = await listCatalog(store, undefined, never);
  const described = await describeEntries(
    store,
    entries.filter(({ complete }) => complete),
    never,
  );
  assert.deepEqual(
    described.map((entry) => ('failure' in entry ? entry.failure.message : entry.manifest.id)),
    [`s3://backups/pg/other/${ids[1]}/manifest.json is not valid JSON`, ids[2]],
  );
});

test('a manifest without data is no complete backup, but is told', async (t) => {
  const { store, server } = await filled(t);
  const id = '20260623T030000Z-dddddd';
  server.put(`pg/shop/${id}/manifest.json`, serializeManifest(sampleManifest({ id })));
  server.put(`pg/shop/${id}/globals.sql.zst.age`, 'roles, and no database');
  const { entries } = await listCatalog(store, 'shop', never);
  assert.deepEqual(
    entries.map(({ complete, hollow }) => [complete, hollow]),
    [
      [false, false],
      [true, false],
      [false, true],
    ],
  );
});

test('the manifest of another backup is refused', async (t) => {
  const { store, server } = await filled(t);
  server.put(`pg/shop/${ids[2]}/manifest.json`, serializeManifest(sampleManifest({ id: ids[1] })));
  const { entries } = await listCatalog(store, 'shop', never);
  await assert.rejects(readEntry(store, entries[1]!, never), {
    kind: 'verification',
    message: `s3://backups/pg/shop/${ids[2]}/manifest.json is the manifest of shop ${ids[1]}`,
  });
});

test('an abort ends the reading with its reason', async (t) => {
  const { store } = await filled(t);
  const { entries } = await listCatalog(store, 'shop', never);
  const reason = new Failure('sigterm', 'stopped by SIGTERM');
  await assert.rejects(describeEntries(store, entries, AbortSignal.abort(reason)), (error) => error === reason);
});

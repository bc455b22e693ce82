import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { listBackupIds, readManifest } from '../../src/catalog/catalog.ts';
import { backupFolder } from '../../src/catalog/keys.ts';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { keptLog } from '../store/scripted.ts';
import { never } from '../support/shell-stage.ts';
import { sampleManifest } from './sample-manifest.ts';

let root: string;
let store: Store;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'pg-offsite-test-'));
  store = openStore({ kind: 'directory', path: root }, keptLog().log);
});
afterEach(async () => {
  store.close();
  await rm(root, { recursive: true });
});

async function put(key: string, content = 'x'): Promise<void> {
  await mkdir(dirname(join(root, key)), { recursive: true });
  await writeFile(join(root, key), content);
}

/** The two files without which a folder is no backup. */
async function putBackup(folder: string): Promise<void> {
  await put(`${folder}database.dump.zst`);
  await put(`${folder}manifest.json`);
}

const ids = ['20261118T020000Z-zzzzzz', '20261119T020000Z-bbbbbb', '20261120T020000Z-aaaaaa'] as const;

test('the complete backups of a database are listed, oldest first', async () => {
  for (const id of [ids[2], ids[0], ids[1]]) await putBackup(`shop/${id}/`);
  assert.deepEqual(await listBackupIds(store, 'shop', never), ids);
});

test('a store that holds nothing, or does not exist yet, has no backups', async () => {
  assert.deepEqual(await listBackupIds(store, 'shop', never), []);
  await rm(root, { recursive: true });
  assert.deepEqual(await listBackupIds(store, 'shop', never), []);
  await mkdir(root);
});

test('what is not a complete backup of this database is ignored', async () => {
  await putBackup(`shop/${ids[0]}/`);
  await put(`shop/${ids[1]}/database.dump.zst.age`); // no manifest: not complete
  await put(`shop/${ids[1]}/SHA256SUMS`);
  await put('shop/20261117T020000Z-dddddd/manifest.json'); // no dump: kept late by a store, of a run that has failed
  await put('shop/20261117T020000Z-dddddd/SHA256SUMS');
  await put(`shop/${ids[2]}/manifest.json.tmp`);
  await put(`shop/${ids[2]}/deeper/manifest.json`);
  await put('shop/latest/manifest.json');
  await put('shop/manifest.json');
  await put('manifest.json');
  await putBackup(`shop2/${ids[1]}/`); // a database whose name begins the same
  await put(`sho/${ids[1]}/manifest.json`);
  await put('pictures/holiday.jpg');
  assert.deepEqual(await listBackupIds(store, 'shop', never), [ids[0]]);
});

test('databases with odd names do not see each other’s backups', async () => {
  const names = ['a/b', 'a', '..', 'ü🐘', 'a%2Fb'];
  for (const [index, name] of names.entries()) {
    await putBackup(backupFolder(name, `2026112${String(index)}T020000Z-aaaaaa`));
  }
  for (const [index, name] of names.entries()) {
    assert.deepEqual(await listBackupIds(store, name, never), [`2026112${String(index)}T020000Z-aaaaaa`], name);
  }
});

test('a manifest is read back from the store', async () => {
  await put(`shop/${ids[0]}/manifest.json`, serializeManifest(sampleManifest()));
  assert.deepEqual(await readManifest(store, `shop/${ids[0]}/manifest.json`, never), sampleManifest());
});

test('a manifest with a character that falls between two reads comes back whole', async () => {
  const manifest = sampleManifest({ database: 'ü🐘'.repeat(100_000) });
  await put(`shop/${ids[0]}/manifest.json`, serializeManifest(manifest));
  assert.deepEqual(await readManifest(store, `shop/${ids[0]}/manifest.json`, never), manifest);
});

test('a damaged manifest is named with its whole address', async () => {
  await put(`shop/${ids[0]}/manifest.json`, '{"schemaVersion":1');
  await assert.rejects(readManifest(store, `shop/${ids[0]}/manifest.json`, never), {
    kind: 'verification',
    message: `file://${root}/shop/${ids[0]}/manifest.json is not valid JSON`,
  });
});

test('what is far too large for a manifest is refused before it fills the memory', async () => {
  await put(`shop/${ids[0]}/manifest.json`);
  await truncate(join(root, `shop/${ids[0]}/manifest.json`), 10 * 1024 ** 3);
  await assert.rejects(readManifest(store, `shop/${ids[0]}/manifest.json`, never), {
    kind: 'verification',
    message: `file://${root}/shop/${ids[0]}/manifest.json is larger than any manifest`,
  });
});

test('a manifest that is missing is a failure of the store', async () => {
  await assert.rejects(readManifest(store, `shop/${ids[0]}/manifest.json`, never), { kind: 'store' });
});

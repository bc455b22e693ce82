import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { listCatalog } from '../../src/catalog/entries.ts';
import { Failure } from '../../src/errors.ts';
import { type Removal, removeFolders } from '../../src/retention/apply.ts';
import { surveyStore } from '../../src/retention/survey.ts';
import type { Store } from '../../src/store/store.ts';
import type { S3Server } from '../support/s3-server.ts';
import { calm, scripted } from '../store/scripted.ts';
import { backupOf, nightly, preload, preloadObject, type Preloaded } from './preloaded.ts';

const dayMs = 86_400_000;
const keys = (server: S3Server): string[] => [...server.objects().keys()].sort();
const keysOf = (backups: readonly Preloaded[]): string[] =>
  backups.flatMap(({ files }) => [...files.keys()].map((key) => `pg/${key}`)).sort();

async function remove(store: Store, backups: readonly Preloaded[], signal = calm()): Promise<Removal> {
  const { entries } = await listCatalog(store, 'shop', calm());
  const wanted = new Set(backups.map(({ id }) => id));
  return removeFolders(
    store,
    entries.filter(({ id }) => wanted.has(id)),
    signal,
  );
}

async function stored(t: TestContext, count: number) {
  const { server, store } = await scripted(t, { retryForMs: 0 });
  const backups = nightly(count);
  preload(server, backups);
  const deleted = (): string[] =>
    server.calls.filter(({ operation }) => operation === 'DeleteObject').map(({ key }) => key.replace(/^pg\//, ''));
  return { server, store, backups, deleted };
}

test('the manifest goes first and SHA256SUMS last', async (t) => {
  const { server, store, backups, deleted } = await stored(t, 2);
  preloadObject(server, `pg/${backups[1]!.folder}proof-20261120T030000Z.json`, '{}', new Date());
  const { removed, failed, bytesFreed, interrupted } = await remove(store, [backups[1]!]);
  const files = deleted().map((key) => key.slice(backups[1]!.folder.length));
  assert.deepEqual([files[0], files.at(-1)], ['manifest.json', 'SHA256SUMS']);
  assert.deepEqual(files.slice(1, -1).sort(), ['RESTORE.md', 'database.dump.zst.age', 'proof-20261120T030000Z.json']);
  assert.deepEqual([removed, failed, interrupted], [[backups[1]!.id], [], undefined]);
  assert.equal(bytesFreed, [...backups[1]!.files.values()].join('').length + 2);
  assert.deepEqual(keys(server), keysOf([backups[0]!]));
});

test('fault 51: an object that no backup writes stays, wherever it lies', async (t) => {
  const { server, store, backups } = await stored(t, 2);
  const foreign = [`pg/${backups[1]!.folder}notes.txt`, `pg/${backups[1]!.folder}more/database.dump`, 'pg/shop/x', 'y'];
  for (const key of foreign) server.put(key, 'not ours');
  await remove(store, [backups[1]!]);
  assert.deepEqual(keys(server), [...keysOf([backups[0]!]), ...foreign].sort());
});

for (const status of [403, 500]) {
  test(`fault 52: a ${String(status)} on one object does not stop the rest and is told; a 404 is as good as done`, async (t) => {
    const { server, store, backups } = await stored(t, 30);
    const [missing, locked] = [backups[3]!, backups[5]!];
    const code = status === 403 ? 'AccessDenied' : 'InternalError';
    const when = ({ key }: { key: string }): boolean => key.includes(locked.id) && key.endsWith('.age');
    server.fault({ operation: 'DeleteObject', when, action: { kind: 'answer', status, code } });
    server.fault({
      operation: 'DeleteObject',
      when: ({ key }) => key.includes(missing.id),
      times: 1,
      action: { kind: 'answer', status: 404, code: 'NoSuchKey' },
    });
    const { removed, failed } = await remove(store, backups.slice(2));
    assert.equal(removed.length, 27);
    assert.deepEqual(
      failed.map(({ id, key, failure }) => [id, key, failure.exitCode]),
      [[locked.id, `${locked.folder}database.dump.zst.age`, status === 403 ? 77 : 74]],
    );
    const left = keys(server).filter((key) => key.includes(locked.id));
    assert.deepEqual(left, [`pg/${locked.folder}SHA256SUMS`, `pg/${locked.folder}database.dump.zst.age`]);
  });
}

test('fault 52: a backup whose manifest cannot be removed is left whole', async (t) => {
  const { server, store, backups } = await stored(t, 4);
  const when = ({ key }: { key: string }): boolean => key.endsWith('manifest.json');
  server.fault({ operation: 'DeleteObject', when, action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
  const { removed, failed, bytesFreed } = await remove(store, backups.slice(2));
  assert.deepEqual([removed, failed.length, bytesFreed], [[], 2, 0]);
  assert.deepEqual(keys(server), keysOf(backups));
});

for (let nth = 1; nth <= 8; nth += 1) {
  test(`a store that fails from delete ${String(nth)} on leaves whole backups and left-overs; both are gone after the next prune`, async (t) => {
    const { server, store, backups } = await stored(t, 4);
    const old = [backupOf(new Date(Date.now() - 9 * dayMs)), backupOf(new Date(Date.now() - 8 * dayMs))];
    preload(server, old);
    server.fault({ operation: 'DeleteObject', from: nth, action: { kind: 'answer', status: 503, code: 'SlowDown' } });
    const { removed, failed } = await remove(store, old);
    assert.ok(failed.length > 0);
    server.clearFaults();
    const [survey] = await surveyStore({ store, database: 'shop', backupTimeoutMs: 1000, signal: calm() });
    const whole = survey!.backups.filter(({ id }) => old.some((backup) => backup.id === id));
    assert.deepEqual(survey!.untouched, []);
    assert.equal(whole.length + survey!.leftovers.length + removed.length, old.length);
    const next = await removeFolders(
      store,
      [...survey!.leftovers, ...whole].map(({ entry }) => entry),
      calm(),
    );
    assert.deepEqual(next.failed, []);
    assert.deepEqual(keys(server), keysOf(backups));
  });
}

test('after an abort nothing more is removed, and what is whole stays whole', async (t) => {
  const { server, store, backups, deleted } = await stored(t, 40);
  const stop = new AbortController();
  server.fault({ operation: 'DeleteObject', from: 20, action: { kind: 'hang' } });
  const removing = remove(store, backups.slice(3), stop.signal);
  while (deleted().length < 24) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort(new Failure('sigterm', 'stopped by SIGTERM'));
  const { interrupted, failed, removed } = await removing;
  assert.equal(interrupted?.exitCode, 143);
  assert.deepEqual(failed, [], 'what was not tried to its end has not failed');
  assert.ok(removed.length < 37);
  server.clearFaults();
  const survey = await surveyStore({ store, database: 'shop', backupTimeoutMs: 1000, signal: calm() });
  assert.deepEqual(survey[0]?.untouched, []);
});

test('fault 54: two prunes at once do no more than one', async (t) => {
  const { server, store, backups } = await stored(t, 40);
  const results = await Promise.all([remove(store, backups.slice(3)), remove(store, backups.slice(3))]);
  for (const { failed, removed } of results) assert.deepEqual([failed, removed.length], [[], 37]);
  assert.deepEqual(keys(server), keysOf(backups.slice(0, 3)));
});

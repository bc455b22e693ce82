import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHistory } from '../../src/report/read-history.ts';
import type { Store } from '../../src/store/store.ts';
import { nightly, preload } from '../retention/preloaded.ts';
import { scripted } from '../store/scripted.ts';
import { never } from '../support/shell-stage.ts';

const all = { database: undefined, expected: [] };

/** A store that counts how many reads are under way at once. */
function counted(store: Store): { store: Store; most: () => number } {
  let [now, most] = [0, 0];
  const get: Store['get'] = async function* (key, signal) {
    most = Math.max(most, (now += 1));
    try {
      yield* store.get(key, signal);
    } finally {
      now -= 1;
    }
  };
  return {
    store: Object.assign(Object.create(store) as Store, { get, list: store.list.bind(store) }),
    most: () => most,
  };
}

test('every manifest is read once, some at a time, and tables are kept of some only', async (t) => {
  const { store, server } = await scripted(t);
  preload(server, nightly(300), 'pg/');
  const { store: watched, most } = counted(store);
  const [history, ...others] = await readHistory(watched, all, never);
  assert.deepEqual([history?.database, history?.runs.length, others], ['shop', 300, []]);
  assert.ok(history?.runs.every(({ damage, candidate }) => damage === undefined && candidate !== undefined));
  const reads = server.calls.filter(({ operation }) => operation === 'GetObject');
  assert.equal(reads.length, 300);
  assert.ok(most() > 1 && most() <= 8, `${String(most())} at once`);
  const withTables = history?.runs.filter(({ facts }) => facts?.tables) ?? [];
  assert.ok(withTables.length >= 30 && withTables.length <= 60, String(withTables.length));
  assert.equal(withTables.at(-1), history?.runs.at(-1), 'the newest one is among them');
});

test('a backup that is removed meanwhile is left out; what the store refuses is no half-truth', async (t) => {
  const { store, server } = await scripted(t);
  const backups = nightly(3);
  preload(server, backups, 'pg/');
  const gone = `pg/shop/${backups[1]!.id}/manifest.json`;
  server.fault({
    operation: 'GetObject',
    when: ({ key }) => key === gone && server.objects().delete(gone) && false,
    action: { kind: 'delay', ms: 0 },
  });
  const [history] = await readHistory(store, all, never);
  assert.deepEqual(
    history?.runs.map(({ id }) => id),
    [backups[2]!.id, backups[0]!.id].sort(),
  );
  server.fault({ operation: 'GetObject', action: { kind: 'answer', status: 403, code: 'AccessDenied' } });
  await assert.rejects(readHistory(store, all, never), { kind: 'denied' });
});

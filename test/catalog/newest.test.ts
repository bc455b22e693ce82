import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { chooseAmong } from '../../src/catalog/choose.ts';
import { type Entry, listCatalog } from '../../src/catalog/entries.ts';
import { listNewest } from '../../src/catalog/newest.ts';
import { selectBackup } from '../../src/catalog/select.ts';
import type { Store } from '../../src/store/store.ts';
import { backupOf, preload, type Preloaded } from '../retention/preloaded.ts';
import { calm, scripted } from '../store/scripted.ts';
import { startManyBackups, type ManyBackups } from '../support/many-backups.ts';

const hourMs = 3_600_000;
const now = new Date();
const ago = (hours: number): Date => new Date(now.getTime() - hours * hourMs);
const isEnough = (own: readonly Entry[]): boolean => own.some(({ complete }) => complete);
const idsOf = (entries: readonly Entry[]): string[] => entries.map(({ id }) => id);

/** A store of 3,000 backups, or as many as said, of which `arrange` changes some. */
async function stored(t: TestContext, backups: readonly Preloaded[]): Promise<{ store: Store; listed: () => number }> {
  const { server, store } = await scripted(t, { requestTimeoutMs: 60_000 });
  preload(server, backups);
  const listed = (): number => server.calls.filter(({ operation }) => operation === 'ListObjectsV2').length;
  return { store, listed };
}

async function many(t: TestContext, changes: Partial<ManyBackups>) {
  const made = { databases: 1, each: 3000, everyMs: 24 * hourMs, newest: ago(2), ...changes };
  const server = await startManyBackups(made);
  const { store } = await scripted(t, { endpoint: server.url, requestTimeoutMs: 60_000 });
  t.after(() => server.close());
  return { store, server };
}

for (const [title, changes, expected] of [
  ['3,000 nightly backups of one database', {}, { ListObjectsV2: 3, ListFolders: 1 }],
  ['those of each hour', { everyMs: hourMs }, { ListObjectsV2: 3, ListFolders: 1 }],
  ['those of each month', { everyMs: 730 * hourMs, newest: ago(700) }, { ListObjectsV2: 5, ListFolders: 1 }],
  ['3,000 of ten databases', { databases: 10, each: 300 }, { ListObjectsV2: 22, ListFolders: 1 }],
  ['3,000 of three databases', { databases: 3, each: 1000 }, { ListObjectsV2: 5, ListFolders: 1 }],
  ['3 of each of 1,000 databases', { databases: 1000, each: 3 }, { ListObjectsV2: 15, ListFolders: 1 }],
  ['few backups', { each: 300 }, { ListObjectsV2: 2 }],
] as const) {
  test(`the newest of ${title} is found in few listings`, async (t) => {
    const { store, server } = await many(t, changes);
    const { entries } = await listNewest({ store, database: undefined, isEnough, now, signal: calm() });
    assert.deepEqual(server.takeCalls(), expected);
    const all = await listCatalog(store, undefined, calm());
    const newest = (some: readonly Entry[]) =>
      [...Map.groupBy(some, ({ database }) => database)].map(([name, own]) => [name, own.at(-1)?.id]).sort();
    assert.deepEqual(newest(entries), newest(all.entries));
  });
}

test('what begins the list is neither a folder without its manifest nor one without data', async (t) => {
  const backups = Array.from({ length: 700 }, (_, at) => backupOf(ago(10 + at)));
  const [marked, bare] = [backupOf(ago(2)), backupOf(ago(3))];
  const only = (from: Preloaded, end: string): Preloaded => {
    return { ...from, files: new Map([...from.files].filter(([key]) => key.endsWith(end))) };
  };
  const { store, listed } = await stored(t, [...backups, only(marked, 'manifest.json'), only(bare, '.age')]);
  const { entries, whole } = await listNewest({ store, database: 'shop', isEnough, now, signal: calm() });
  assert.equal(whole, false);
  assert.equal(listed(), 3);
  assert.deepEqual(idsOf(entries).slice(-3), [backups[0]!.id, bare.id, marked.id]);
  assert.deepEqual(
    entries.slice(-3).map(({ complete, hollow, objects }) => [complete, hollow, objects.length]),
    [
      [true, false, 4],
      [false, false, 1],
      [false, true, 1],
    ],
  );
});

test('backups of the future and of long ago are there, and a gap of years only costs requests', async (t) => {
  const old = Array.from({ length: 700 }, (_, at) => backupOf(ago(60_000 + at)));
  const future = backupOf(new Date(now.getTime() + 900 * 24 * hourMs));
  const { store } = await stored(t, [...old, future]);
  const first = await listNewest({ store, database: 'shop', isEnough, now, signal: calm() });
  assert.deepEqual(idsOf(first.entries), [future.id]);
  const past = (own: readonly Entry[]): boolean => own.some(({ id }) => id < future.id);
  const more = await listNewest({ store, database: 'shop', isEnough: past, now, signal: calm() });
  const all = await listCatalog(store, 'shop', calm());
  assert.deepEqual(idsOf(more.entries), idsOf(all.entries));
  const never = await listNewest({ store, database: 'shop', isEnough: () => false, now, signal: calm() });
  assert.equal(never.whole, true);
  assert.deepEqual(idsOf(never.entries), idsOf(all.entries));
});

test('what is chosen among few is what would be chosen among all', async (t) => {
  const backups = Array.from({ length: 700 }, (_, at) => backupOf(ago(2 + 5 * at)));
  const late = backupOf(ago(3000), {}, 'crm');
  const { store } = await stored(t, [...backups, late]);
  const { entries } = await listCatalog(store, undefined, calm());
  const chosen = (all: readonly Entry[], selector: string): string => {
    try {
      const { database, id } = selectBackup(all, selector, 's3://backups/pg');
      return `${database} ${id}`;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const choose = (database: string | undefined, selector: string): Promise<string> => {
    const named = { store, database, selector, signal: calm() };
    const strict = (some: readonly Entry[]): string => {
      const { id, database: of } = selectBackup(some, selector, 's3://backups/pg');
      return `${of} ${id}`;
    };
    return chooseAmong(named, strict).catch((error: unknown) => (error as Error).message);
  };
  for (const selector of ['latest', backups[400]!.id, late.id, '20200101T000000Z-aaaaaa', ago(500).toISOString()]) {
    for (const database of [undefined, 'shop', 'crm', 'nobody']) {
      const some = entries.filter((entry) => database === undefined || entry.database === database);
      assert.equal(await choose(database, selector), chosen(some, selector), `${String(database)} ${selector}`);
    }
  }
});

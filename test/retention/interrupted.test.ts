import assert from 'node:assert/strict';
import { test } from 'node:test';
import { surveyStore } from '../../src/retention/survey.ts';
import { calm, scripted } from '../store/scripted.ts';
import { backupOf, preloadObject, type Preloaded } from './preloaded.ts';

const hourMs = 3_600_000;

/** What a folder holds, how old that is, and what it is taken for. */
const states: readonly [string, RegExp, number, 'backup' | 'left-over' | 'left alone'][] = [
  ['everything', /./, 1, 'backup'],
  ['everything but RESTORE.md', /json|SUMS|age/, 1, 'backup'],
  ['data alone: a run under way', /age/, 0, 'left alone'],
  ['data alone, not older than a week', /age/, 167, 'left alone'],
  ['data alone, older than a week: a killed run', /age/, 169, 'left-over'],
  ['data and SHA256SUMS: a run about to end', /age|SUMS/, 0, 'left alone'],
  ['data and SHA256SUMS, not older than a run may be', /age|SUMS/, 47, 'left alone'],
  ['data and SHA256SUMS, older than a run may be', /age|SUMS/, 49, 'left-over'],
  ['all but the manifest, about to be written', /age|SUMS|RESTORE/, 0, 'left alone'],
  ['all but the manifest, older than a run may be', /age|SUMS|RESTORE/, 49, 'left-over'],
  ['SHA256SUMS without data: no run leaves that', /SUMS|RESTORE/, 0, 'left-over'],
  ['SHA256SUMS alone', /SUMS/, 0, 'left-over'],
  ['a manifest without data', /json|SUMS|RESTORE/, 9000, 'left alone'],
  ['RESTORE.md alone, which a failed run could not take back', /RESTORE/, 1, 'left alone'],
  ['RESTORE.md alone, for long', /RESTORE/, 169, 'left-over'],
];

for (const [title, files, hours, expected] of states) {
  test(`${title}, ${String(hours)} hours old: ${expected}`, async (t) => {
    const { server, store } = await scripted(t);
    const now = new Date();
    // The clock that counts is the store's: the folder's name is years older, as that of a machine with a wrong clock.
    const folder = backupOf(new Date('2020-01-01T00:00:00Z'));
    const then = new Date(now.getTime() - hours * hourMs);
    for (const [key, content] of folder.files) {
      if (files.test(key.slice(folder.folder.length))) preloadObject(server, `pg/${key}`, content, then);
    }
    const other = backupOf(now);
    for (const [key, content] of other.files) preloadObject(server, `pg/${key}`, content, now);
    const [survey] = await surveyStore({ store, database: 'shop', backupTimeoutMs: 48 * hourMs, signal: calm() });
    const found = [
      survey!.backups.some(({ id }) => id === folder.id) && 'backup',
      survey!.leftovers.some(({ id }) => id === folder.id) && 'left-over',
      survey!.untouched.some((untouched) => untouched.folder === folder.folder) && 'left alone',
    ].filter((kind) => kind !== false);
    assert.deepEqual(found, [expected]);
  });
}

for (const [title, timeoutHours, named, hours, expected] of [
  ['as old as a run of ten days and a day may be', 240, '2020-01-01', 263, undefined],
  ['older than a run of ten days and a day may be', 240, '2020-01-01', 265, 'run'],
  ['older than a week by the store, and of this day by its name', 6, undefined, 9000, undefined],
] as const) {
  test(`data alone, ${title}: ${expected ? `left by a ${expected}` : 'left alone'}`, async (t) => {
    const { server, store } = await scripted(t);
    const folder = backupOf(named === undefined ? new Date() : new Date(named));
    for (const [key, content] of folder.files) {
      const then = new Date(Date.now() - hours * hourMs);
      if (key.endsWith('.age')) preloadObject(server, `pg/${key}`, content, then);
    }
    for (const [key, content] of backupOf(new Date()).files) preloadObject(server, `pg/${key}`, content, new Date());
    const backupTimeoutMs = timeoutHours * hourMs;
    const [survey] = await surveyStore({ store, database: 'shop', backupTimeoutMs, signal: calm() });
    assert.equal(survey!.leftovers[0]?.by, expected);
  });
}

test('one young object among old ones keeps all of a folder without SHA256SUMS', async (t) => {
  const { server, store } = await scripted(t);
  const folder = backupOf(new Date('2020-01-01'));
  preloadObject(server, `pg/${folder.folder}globals.sql.zst.age`, 'x', new Date(Date.now() - 9000 * hourMs));
  preloadObject(server, `pg/${folder.folder}database.dump.zst.age`, 'x', new Date(Date.now() - hourMs));
  for (const [key, content] of backupOf(new Date()).files) preloadObject(server, `pg/${key}`, content, new Date());
  const [survey] = await surveyStore({ store, database: 'shop', backupTimeoutMs: hourMs, signal: calm() });
  assert.deepEqual(survey!.leftovers, []);
});

test('to a key that may not read data, missing data is told from a run by its age alone', async (t) => {
  const { server, store } = await scripted(t);
  const files = (folder: Preloaded, hours: number): void => {
    for (const [key, content] of folder.files) {
      if (key.endsWith('SUMS')) preloadObject(server, `pg/${key}`, content, new Date(Date.now() - hours * hourMs));
    }
  };
  const [young, old] = [backupOf(new Date('2020-01-01T00:00:00Z')), backupOf(new Date('2020-01-02T00:00:00Z'))];
  files(young, 0);
  files(old, 49);
  const action = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  server.fault({ operation: ['HeadObject', 'GetObject'], when: ({ key }) => key.includes('/database.'), action });
  const [survey] = await surveyStore({ store, database: 'shop', backupTimeoutMs: 48 * hourMs, signal: calm() });
  assert.deepEqual(
    survey?.leftovers.map(({ id }) => id),
    [old.id],
  );
});

test('a folder younger than a day is no left-over, however short BACKUP_TIMEOUT is', async (t) => {
  const { server, store } = await scripted(t);
  const folder = backupOf(new Date('2020-01-01T00:00:00Z'));
  const then = new Date(Date.now() - 23 * hourMs);
  for (const [key, content] of folder.files) {
    if (!key.endsWith('json')) preloadObject(server, `pg/${key}`, content, then);
  }
  const newest = backupOf(new Date());
  for (const [key, content] of newest.files) server.put(`pg/${key}`, content);
  const [survey] = await surveyStore({ store, database: 'shop', backupTimeoutMs: 1000, signal: calm() });
  assert.deepEqual(survey?.leftovers, []);
});

test('a listing that shows data late does not make a left-over of a run under way', async (t) => {
  const { server, store } = await scripted(t);
  const run = backupOf(new Date());
  for (const [key, content] of run.files) if (!key.endsWith('json')) server.put(`pg/${key}`, content);
  const listed = [...server.objects().values()].filter(({ key }) => !key.endsWith('.age'));
  const entries = listed
    .map(({ key, bytes }) => `<Contents><Key>${key}</Key><Size>${bytes}</Size></Contents>`)
    .join('');
  server.fault({
    operation: 'ListObjectsV2',
    action: { kind: 'answer', status: 200, body: `<ListBucketResult>${entries}</ListBucketResult>` },
  });
  const [survey] = await surveyStore({ store, database: 'shop', backupTimeoutMs: 1000, signal: calm() });
  assert.deepEqual(survey?.untouched, [{ folder: run.folder, why: 'it has no manifest' }]);
});

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { listCatalog } from '../../src/catalog/entries.ts';
import { isLastFailureKey, lastFailureKey, readLastFailure, writeLastFailure } from '../../src/catalog/last-failure.ts';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/fake-programs.ts';

const signal = new AbortController().signal;
const log = createLog({ format: 'json', level: 'error' }, { write: () => undefined }, (text) => text);
const failure = {
  database: 'a/b',
  runId: 'a-run',
  failedAt: '2026-11-20T02:00:00.000Z',
  exitCode: 65,
  kind: 'dump',
  error: 'pg_dump failed',
};

function useFolder(): { path: string; store: ReturnType<typeof openStore> } {
  const path = temporaryFolder();
  return { path, store: openStore({ kind: 'directory', path }, log) };
}

test('the last failure takes the place of the one before', async () => {
  const { path, store } = useFolder();
  await writeLastFailure(store, failure, signal);
  await writeLastFailure(store, { ...failure, exitCode: 74, kind: 'store', runId: 'another' }, signal);
  assert.deepEqual(await readLastFailure(store, 'a/b', signal), {
    schemaVersion: 1,
    ...failure,
    exitCode: 74,
    kind: 'store',
    runId: 'another',
  });
  assert.deepEqual(readdirSync(path, { recursive: true }).sort(), ['a%2Fb', 'a%2Fb/last-failure.json']);
});

test('it is neither a backup nor foreign', async () => {
  const { store } = useFolder();
  await writeLastFailure(store, failure, signal);
  assert.deepEqual(await listCatalog(store, undefined, signal), { entries: [], foreign: [] });
  assert.deepEqual([lastFailureKey('a/b'), 'last-failure.json', 'a/b/last-failure.json'].map(isLastFailureKey), [
    true,
    false,
    false,
  ]);
});

test('what cannot be understood is none', async () => {
  for (const content of [
    '',
    '{',
    '[]',
    JSON.stringify({ schemaVersion: 2, ...failure }),
    ' '.repeat(70_000),
    JSON.stringify({ schemaVersion: 1, ...failure, database: 'other' }),
  ]) {
    const { path, store } = useFolder();
    mkdirSync(join(path, 'a%2Fb'));
    writeFileSync(join(path, 'a%2Fb', 'last-failure.json'), content);
    assert.equal(await readLastFailure(store, 'a/b', signal), undefined);
  }
});

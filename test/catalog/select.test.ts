import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../../src/catalog/entries.ts';
import { selectBackup } from '../../src/catalog/select.ts';

const entry = (id: string, complete = true, database = 'shop'): Entry => ({
  database,
  id,
  folder: `${database}/${id}/`,
  objects: [],
  complete,
  hollow: false,
});
const ids = ['20260620T030000Z-aaaaaa', '20260622T030000Z-bbbbbb', '20260622T150000Z-cccccc'] as const;
const entries = [...ids.map((id) => entry(id)), entry('20260625T030000Z-dddddd', false)];

for (const [selector, id] of [
  ['latest', ids[2]],
  [ids[0], ids[0]],
  ['2026-06-21', ids[0]],
  ['2026-06-22', ids[2]],
  ['2026-06-22T03:00Z', ids[1]],
  ['2026-06-22T02:59:59Z', ids[0]],
  ['2026-06-22T05:00+02:00', ids[1]],
  ['2099-01-01', ids[2]],
] as const) {
  test(`${selector} is ${id}`, () => {
    assert.equal(selectBackup(entries, selector, 's3://b').id, id);
  });
}

for (const [selector, told] of [
  ['2026-06-19', /^s3:\/\/b holds no complete backup for 2026-06-19$/],
  ['20260625T030000Z-dddddd', /holds no complete backup for 20260625T030000Z-dddddd/],
  ['yesterday', /^yesterday names no backup$/],
  ['2026-06-22T03:00', /names no backup/],
  ['2026-13-01', /names no backup/],
  ['2026-02-30', /names no backup/],
] as const) {
  test(`${selector} is none`, () => {
    assert.throws(() => selectBackup(entries, selector, 's3://b'), { kind: 'usage', message: told });
  });
}

test('what to look at where there is none', () => {
  const hintOf = (there: Entry[]) => ({
    kind: 'usage',
    hint:
      there.length === 0
        ? /Is this prefix the job's/
        : /^The oldest there is 20260620T030000Z-aaaaaa, the newest 20260622T150000Z-cccccc; list shows all\.$/,
  });
  for (const there of [[], entries]) assert.throws(() => selectBackup(there, '2026-06-19', 'x'), hintOf(there));
});

test('several databases must be told apart; one that has no complete backup does not count', () => {
  const other = entry('20260101T000000Z-eeeeee', true, 'other');
  for (const selector of ['latest', '2026-06-22']) {
    const several = { message: 'x holds backups of several databases: other, shop', hint: /--database/ };
    assert.throws(() => selectBackup([other, ...entries], selector, 'x'), several);
  }
  assert.equal(selectBackup([{ ...other, complete: false }, ...entries], 'latest', 'x').id, ids[2]);
});

test('an id is enough where there are several databases, unless a folder was copied', () => {
  const other = entry('20260101T000000Z-eeeeee', true, 'other');
  assert.equal(selectBackup([other, ...entries], other.id, 'x').database, 'other');
  assert.equal(selectBackup([other, ...entries], ids[1], 'x').database, 'shop');
  const copy = { ...other, id: ids[1] };
  assert.throws(() => selectBackup([copy, ...entries], ids[1], 'x'), { kind: 'usage', hint: /--database/ });
  assert.throws(() => selectBackup([other, ...entries], '20260101T000000Z-ffffff', 'x'), {
    message: /no complete backup for/,
  });
});

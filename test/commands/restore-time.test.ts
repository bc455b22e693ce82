import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { rewritten, useStored } from './stored.ts';

const ids = ['20260620T030000Z-aaaaaa', '20260622T030000Z-bbbbbb', '20260622T234500Z-cccccc'] as const;
const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql('CREATE TABLE notes AS SELECT generate_series(1, 10) AS id', 'shop');
  },
  ids.map(() => ({ database: 'shop' })),
);
// Backups of long ago.
beforeEach(() => {
  for (const [index, { folder, manifest }] of stored.backups.entries()) {
    writeFileSync(join(folder, 'manifest.json'), rewritten(manifest, { id: ids[index]! }).manifest);
    renameSync(folder, join(dirname(folder), ids[index]!));
  }
});

for (const [selector, id] of [
  ['latest', ids[2]],
  ['2026-06-22', ids[2]],
  ['2026-06-21', ids[0]],
  ['2026-06-22T03:00Z', ids[1]],
  ['2026-06-22T02:59:59Z', ids[0]],
  ['2026-06-22T05:30+02:00', ids[1]],
] as const) {
  test(`restore ${selector} brings the newest backup that is not younger`, async () => {
    const target = await stored.target();
    const run = await stored.run(['restore', selector], target.variables);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stdout, new RegExp(`^restored shop ${id} into ${target.name} `, 'm'));
    assert.equal(await stored.postgres.psql('SELECT count(*) FROM notes', target.name), '10');
  });
}

for (const [selector, told] of [
  ['2026-06-19', /holds no complete backup for 2026-06-19\n.*The oldest there is 20260620T/],
  ['20260622T030000Z-zzzzzz', /holds no complete backup for 20260622T030000Z-zzzzzz/],
  ['2026-06-31', /2026-06-31 names no backup\n.*Write latest, an id, or a time such as/],
  ['yesterday', /yesterday names no backup/],
] as const) {
  test(`restore ${selector} ends with 64 and touches nothing`, async () => {
    const target = await stored.target();
    const run = await stored.run(['restore', selector], target.variables);
    assert.equal(run.exitCode, 64, run.stderr);
    assert.match(run.stderr, told);
    assert.match(await stored.held(target.name), /^0\n0/);
  });
}

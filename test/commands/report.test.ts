import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepBackup, keepProof } from '../schedule/kept-backups.ts';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';

const ago = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);

function report(place: string, args: readonly string[] = [], changes: Record<string, string> = {}): Promise<EndedRun> {
  return runEntrypoint({ BACKUP_DESTINATION: `file://${place}`, ...changes }, { args: ['report', ...args] });
}

test('a page on standard output, the verdict in the log', async () => {
  const place = temporaryFolder();
  const shop = keepBackup(place, { begun: ago(3) });
  keepProof(shop, ago(1));
  const { exitCode, stdout, stderr } = await report(place);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^<!doctype html>.*<\/html>\s*$/is);
  assert.match(stdout, /Last proof<\/dt>/);
  assert.match(stderr, /INFO: shop was backed up 3.hours ago; nothing says when the next backup is due\./u);
});

test('--out writes a file, --database tells of one alone', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: ago(3) });
  keepBackup(place, { begun: ago(3), database: 'crm' });
  const file = join(temporaryFolder(), 'report.html');
  const { exitCode, stdout } = await report(place, ['--out', file, '--database', 'crm']);
  assert.deepEqual([exitCode, stdout], [0, '']);
  const page = readFileSync(file, 'utf8');
  assert.match(page, /<title>crm/);
  assert.doesNotMatch(page, /shop/);
});

test('damaged, lost, foreign and unfinished things are told and stop nothing', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: ago(3) });
  const damaged = keepBackup(place, { begun: ago(27) });
  writeFileSync(join(damaged.folder, 'manifest.json'), '{"schemaVersion":1');
  const lost = keepBackup(place, { begun: ago(51) });
  writeFileSync(join(lost.folder, 'database.dump.zst'), 'shorter than it was');
  const unfinished = join(place, 'shop', '20260101T030000Z-abcdef');
  mkdirSync(unfinished);
  writeFileSync(join(unfinished, 'database.dump.zst'), 'cut');
  writeFileSync(join(place, 'notes.txt'), 'not ours');
  writeFileSync(
    join(place, 'shop', 'last-failure.json'),
    JSON.stringify({
      schemaVersion: 1,
      database: 'shop',
      runId: 'r',
      failedAt: ago(1).toISOString(),
      exitCode: 69,
      kind: 'database',
      error: 'no <b>connection</b>',
    }),
  );
  const { exitCode, stdout, stderr } = await report(place, [], { BACKUP_SCHEDULE: '@hourly' });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /is not valid JSON/);
  assert.match(stdout, /not of the size that the manifest says/);
  assert.match(stdout, /1 folder without a manifest/);
  assert.match(stdout, /The last run failed on .*no &lt;b&gt;connection/);
});

test('an empty store, and a database that the store has nothing of', async () => {
  const place = temporaryFolder();
  assert.match((await report(place)).stderr, /INFO: There is no backup yet\./);
  const url = { DATABASE_URL: 'postgresql://backup:pw@db.example.com/crm' };
  assert.match((await report(place, [], url)).stderr, /INFO: crm has no backup that could be restored\./);
});

for (const [args, told] of [
  [['--out', '/nowhere/report.html'], /could not write \/nowhere\/report\.html: ENOENT\nHINT: Give --out a file/],
  [['page.html'], /Usage: pg-offsite report \[--out FILE\]/],
] as const) {
  test(`report ${args.join(' ')} is refused with what to do`, async () => {
    const { exitCode, stderr } = await report(temporaryFolder(), args);
    assert.equal(exitCode, 64);
    assert.match(stderr, told);
  });
}

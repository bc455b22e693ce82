import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { keepBackup, keepProof } from '../schedule/kept-backups.ts';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startS3Server } from '../support/s3-server.ts';

const hourMs = 3_600_000;
const ago = (hours: number): Date => new Date(Date.now() - hours * hourMs);
/** A daily schedule whose last tick is so many hours ago. */
const dailyAgo = (hours: number): Record<string, string> => ({
  BACKUP_SCHEDULE: `${String(ago(hours).getUTCMinutes())} ${String(ago(hours).getUTCHours())} * * *`,
});

function check(place: string, args: readonly string[], changes: Record<string, string> = {}): Promise<EndedRun> {
  return runEntrypoint({ BACKUP_DESTINATION: `file://${place}`, ...changes }, { args: ['check', ...args] });
}

test('one line for each database, and 0 where all are fresh', async () => {
  const place = temporaryFolder();
  const shop = keepBackup(place, { begun: ago(3) });
  keepBackup(place, { begun: ago(3), database: 'crm' });
  const { exitCode, stdout, stderr } = await check(place, [], dailyAgo(3));
  assert.equal(exitCode, 0, stderr);
  const [crm, ...others] = stdout.trimEnd().split('\n');
  assert.match(crm ?? '', /^ok crm: /);
  assert.equal(others.length, 1);
  assert.match(
    others[0] ?? '',
    new RegExp(`^ok shop: newest backup 3h.* old \\(${shop.id}\\), next due in (?:20h|21h)`),
  );
  assert.match(stderr, /INFO: listed 4 objects of file:/);
});

test('one that is late makes 79, and is named with what was missed and since when', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: ago(3) });
  keepBackup(place, { begun: ago(75), database: 'crm' });
  const { exitCode, stdout, stderr } = await check(place, [], dailyAgo(3));
  assert.equal(exitCode, 79);
  assert.match(stdout, /^LATE crm: newest backup 3d 3h old \(.*\), 3 ticks missed since \d{4}-.*Z, next due in 2/m);
  assert.match(stdout, /^ok shop: /m);
  assert.match(stderr, /ERROR: no fresh backup of crm in file:.*\nHINT: Look at the log of the job/);
  const named = await check(place, ['--database', 'shop'], dailyAgo(3));
  assert.equal(named.exitCode, 0, named.stderr);
  assert.match(named.stderr, /listed 2 objects/);
});

test('--max-age needs no schedule', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: ago(27) });
  const late = await check(place, ['--max-age', '26h']);
  assert.equal(late.exitCode, 79);
  assert.match(late.stdout, /^LATE shop: newest backup 1d 3h old .*, too old, allowed 1d 2h$/m);
  assert.equal((await check(place, ['--max-age', '35d'])).exitCode, 0);
});

test('an empty store, and a database that the store has nothing of, are late', async () => {
  const place = temporaryFolder();
  const empty = await check(place, ['--max-age', '26h']);
  assert.equal(empty.exitCode, 79);
  assert.match(empty.stderr, /Nothing is stored under this prefix; is it the job's/);
  keepBackup(place, { begun: ago(3) });
  const url = { DATABASE_URL: 'postgresql://backup:pw@db.example.com/crm' };
  const { exitCode, stdout, stderr } = await check(place, ['--max-age', '26h'], url);
  assert.equal(exitCode, 79);
  assert.match(stderr, /whether its platform still starts it\. There are backups of shop\.$/m);
  assert.match(stdout, /^LATE crm: no complete backup, /m);
});

test('for scripts', async () => {
  const place = temporaryFolder();
  const shop = keepBackup(place, { begun: ago(51) });
  keepProof(shop, ago(50));
  const { exitCode, stdout } = await check(place, ['--json', '--proved'], dailyAgo(3));
  assert.equal(exitCode, 79);
  const { databases, ...rest } = JSON.parse(stdout) as { databases: Record<string, unknown>[] };
  assert.deepEqual(rest, { fresh: false, location: `file://${place}`, objects: 3 });
  const { newest, proof, ...first } = databases[0]!;
  assert.deepEqual(first, {
    database: 'shop',
    fresh: false,
    reasons: ['too old', 'the newest proof is too old'],
    notes: [],
  });
  const { id, missedTicks, missedSince, nextDue } = newest as Record<string, unknown>;
  assert.deepEqual([id, missedTicks], [shop.id, 2]);
  assert.ok(Date.parse(String(missedSince)) < Date.now() && Date.parse(String(nextDue)) > Date.now());
  assert.equal((proof as Record<string, unknown>)['id'], shop.id);
});

test('what is not ours in the store is no database', async () => {
  const place = temporaryFolder();
  keepBackup(place, { begun: ago(3) });
  mkdirSync(join(place, 'holiday'));
  writeFileSync(join(place, 'holiday', 'picture.jpg'), '');
  const { exitCode, stdout } = await check(place, ['--max-age', '26h']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^ok shop: [^\n]*\n$/);
});

test('a store of many objects is listed once, page by page, and one manifest is read', async (t) => {
  const server = await startS3Server();
  t.after(() => server.close());
  const place = temporaryFolder();
  for (let days = 0; days < 600; days++) keepBackup(place, { begun: ago(24 * days + 3) });
  for (const file of readdirSync(place, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    server.put(`nightly/${relative(place, path)}`, readFileSync(path));
  }
  const env = {
    S3_ENDPOINT: server.url,
    BACKUP_DESTINATION: 's3://backups/nightly',
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'secret',
  };
  const { exitCode, stderr } = await runEntrypoint(env, { args: ['check', '--max-age', '26h'] });
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /listed 1,200 objects of s3:\/\/backups\/nightly/);
  assert.deepEqual(
    server.calls.map(({ operation }) => operation),
    ['ListObjectsV2', 'ListObjectsV2', 'GetObject'],
  );
});

for (const [args, changes, exitCode, told] of [
  [[], {}, 78, /nothing says how fresh .*\nHINT: Set BACKUP_SCHEDULE .* --max-age 26h/],
  [[], { BACKUP_SCHEDULE: 'daily' }, 78, /BACKUP_SCHEDULE="daily" is no cron expression .*="0 3 \* \* \*"/],
  [['--max-age', '26'], {}, 64, /--max-age 26 is not a duration: .*\nHINT: For example --max-age 26h/],
  [['--grace', 'soon'], {}, 64, /--grace soon is not a duration/],
  [['--max-age', '26h', '--grace', '1h'], {}, 64, /Keep one of them/],
  [['shop'], {}, 64, /Usage: pg-offsite check/],
] as const) {
  test(`check ${args.join(' ')} ${JSON.stringify(changes)} is refused with what to do`, async () => {
    const ended = await check(temporaryFolder(), args, changes);
    assert.equal(ended.exitCode, exitCode, ended.stderr);
    assert.match(ended.stderr, told);
  });
}

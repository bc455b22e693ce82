import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type EndedRun, runEntrypoint, startEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startS3Server } from '../support/s3-server.ts';
import { until } from '../support/until.ts';
import { backupOf, folderOf, nightly, preload, preloadObject, type Preloaded } from '../retention/preloaded.ts';

const run = (root: string, args: readonly string[], env: Record<string, string>): Promise<EndedRun> =>
  runEntrypoint({ BACKUP_DESTINATION: `file://${root}`, ...env }, { args: ['prune', ...args] });
const stored = (root: string, database = 'shop'): string[] => readdirSync(join(root, database)).sort();
const ids = (backups: readonly Preloaded[]): string[] => backups.map(({ id }) => id).sort();

interface Report {
  readonly databases: readonly {
    readonly database: string;
    readonly keep: readonly { readonly id: string }[];
    readonly remove: readonly { readonly id: string }[];
    readonly removed: readonly string[];
    readonly failed: readonly { readonly key: string; readonly error: string }[];
    readonly refused?: string;
  }[];
}

test('a dry run shows what stays and why, and removes nothing', async () => {
  const backups = nightly(10);
  const root = folderOf(backups);
  const { exitCode, stdout, stderr } = await run(root, ['--dry-run'], { KEEP_LAST: '6' });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^shop: 6 of 10 backups stay, 4 go \(.*\)\nKEEP_LAST=6, KEEP_MINIMUM=3; days of UTC\n/);
  assert.match(stdout, new RegExp(`^stays +${backups[0]!.id} .* KEEP_LAST, KEEP_MINIMUM$`, 'm'));
  assert.match(stdout, new RegExp(`^goes +${backups[9]!.id} `, 'm'));
  assert.match(stdout, /nothing was removed: this was a dry run\n$/);
  assert.deepEqual(stored(root), ids(backups));
});

test('prune removes what goes, then has nothing left to do', async () => {
  const backups = nightly(10);
  const root = folderOf(backups);
  const first = await run(root, [], { KEEP_LAST: '6' });
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /^shop: removed 4 of 4, .* freed$/m);
  assert.deepEqual(stored(root), ids(backups.slice(0, 6)));
  assert.match(first.stdout, /^shop: 6 of 10 backups stay, 4 go \(/);
  const second = await run(root, ['--json'], { KEEP_LAST: '6' });
  const { databases } = JSON.parse(second.stdout) as Report;
  assert.deepEqual([databases[0]?.remove, databases[0]?.removed, databases[0]?.keep.length], [[], [], 6]);
  const third = await run(root, ['--dry-run'], { KEEP_LAST: '5' });
  assert.match(third.stdout, /^shop: 5 of 6 backups stay, 1 goes \(/);
});

test('without a rule nothing is removed, and what to set is told', async () => {
  const backups = nightly(5);
  const root = folderOf(backups);
  const { exitCode, stderr } = await run(root, ['--yes'], { KEEP_MINIMUM: '1' });
  assert.equal(exitCode, 78);
  assert.match(stderr, /no KEEP_ variable is set, so nothing is ever removed\n.*HINT: Set for example KEEP_WITHIN=35d/);
  assert.deepEqual(stored(root), ids(backups));
});

test('more than half goes only with --yes', async () => {
  const backups = nightly(10);
  const root = folderOf(backups);
  const refused = await run(root, [], { KEEP_LAST: '3' });
  assert.equal(refused.exitCode, 64);
  assert.match(refused.stdout, /REFUSED: 7 of 10 backups of shop would go, which is more than half\n.*prune --yes/);
  assert.deepEqual(stored(root), ids(backups));
  const agreed = await run(root, ['--yes'], { KEEP_LAST: '3' });
  assert.equal(agreed.exitCode, 0);
  assert.deepEqual(stored(root), ids(backups.slice(0, 3)));
});

test('of several databases one is named, or all are meant', async () => {
  const [shop, crm] = [nightly(8), nightly(8, 'crm')];
  const root = folderOf([...shop, ...crm]);
  const env = { KEEP_LAST: '5' };
  const unclear = await run(root, [], env);
  assert.equal(unclear.exitCode, 64);
  assert.match(unclear.stderr, /backups of several databases are there: crm, shop\n.*--database, or --all/);
  const looked = await run(root, ['--dry-run', '--json'], env);
  assert.deepEqual(
    (JSON.parse(looked.stdout) as Report).databases.map(({ database }) => database),
    ['crm', 'shop'],
  );
  await run(root, ['--database', 'crm'], env);
  assert.deepEqual([stored(root, 'crm').length, stored(root).length], [5, 8]);
  const own = { ...env, DATABASE_URL: 'postgresql://u@localhost/shop' };
  await run(root, [], { ...own, KEEP_LAST: '6' });
  assert.deepEqual([stored(root, 'crm').length, stored(root).length], [5, 6]);
  const all = await run(root, ['--all'], { ...own, KEEP_LAST: '4' });
  assert.equal(all.exitCode, 0);
  assert.deepEqual([stored(root, 'crm').length, stored(root).length], [4, 4]);
});

test('DATABASES says which, and --database still wins', async () => {
  const root = folderOf([...nightly(8), ...nightly(8, 'crm'), ...nightly(8, 'wiki')]);
  const left = (): number[] => ['shop', 'crm', 'wiki'].map((name) => stored(root, name).length);
  const env = { DATABASE_URL: 'postgresql://u@localhost/postgres', DATABASES: 'shop,crm,none' };
  const named = await run(root, [], { ...env, KEEP_LAST: '6' });
  assert.equal(named.exitCode, 0, named.stderr);
  assert.deepEqual(left(), [6, 6, 8]);
  assert.match(named.stdout, /^shop: removed 2 of 2.*[^]*^crm: removed 2 of 2.*\nno backup of none in file:/m);
  const one = await run(root, ['--database', 'wiki'], { ...env, KEEP_LAST: '7' });
  assert.equal(one.exitCode, 0, one.stderr);
  assert.deepEqual(left(), [6, 6, 7]);
  const every = await run(root, [], { ...env, DATABASES: '*', KEEP_LAST: '5' });
  assert.equal(every.exitCode, 0, every.stderr);
  assert.deepEqual(left(), [5, 5, 5]);
});

test('a database that is refused stops no other, and the exit code tells', async () => {
  const root = folderOf([...nightly(20), ...nightly(8, 'crm')]);
  const env = { DATABASES: 'shop,crm', KEEP_LAST: '5' };
  const { exitCode, stdout } = await run(root, [], env);
  assert.equal(exitCode, 64, stdout);
  assert.match(stdout, /^REFUSED: 15 of 20 backups of shop /m);
  assert.deepEqual([stored(root).length, stored(root, 'crm').length], [20, 5]);
});

test('no backup at all is no error', async () => {
  const { exitCode, stdout } = await run(temporaryFolder(), ['--database', 'shop'], { KEEP_LAST: '3' });
  assert.equal(exitCode, 0);
  assert.match(stdout, /^no backup of shop in file:/);
});

test('fault 52: what cannot be removed is told, everything else is done, and the exit code says so', async (t) => {
  const server = await startS3Server();
  t.after(() => server.close());
  const backups = nightly(20);
  preload(server, backups, 'nightly/');
  const locked = backups[15]!;
  server.fault({
    operation: 'DeleteObject',
    when: ({ key }) => key.includes(locked.id),
    action: { kind: 'answer', status: 403, code: 'AccessDenied', message: 'Access Denied because object protected' },
  });
  const env = {
    S3_ENDPOINT: server.url,
    BACKUP_DESTINATION: 's3://backups/nightly',
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'secret',
    KEEP_LAST: '12',
  };
  const { exitCode, stdout } = await runEntrypoint(env, { args: ['prune'] });
  assert.equal(exitCode, 77);
  assert.match(
    stdout,
    /^FAIL {2}shop\/.*manifest.json: could not remove s3:\/\/.* 403 AccessDenied \(Access Denied bec/m,
  );
  assert.match(stdout, /^shop: removed 7 of 8, /m);
  assert.equal(server.objects().size, 13 * 4);
});

test('a prune that is killed in the middle is finished by the next', async (t) => {
  const server = await startS3Server();
  t.after(() => server.close());
  const backups = nightly(60);
  preload(server, backups, 'nightly/');
  const env = {
    S3_ENDPOINT: server.url,
    BACKUP_DESTINATION: 's3://backups/nightly',
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'secret',
    KEEP_LAST: '40',
  };
  server.fault({ operation: 'DeleteObject', from: 31, action: { kind: 'hang' } });
  const killed = startEntrypoint(env, { args: ['prune'] });
  const deletes = (): number => server.calls.filter(({ operation }) => operation === 'DeleteObject').length;
  await until('it hangs in its deletes', () => deletes() >= 34);
  killed.signal('SIGKILL');
  assert.equal((await killed.ended).signal, 'SIGKILL');
  server.clearFaults();
  const left = server.objects().size;
  assert.ok(left > 40 * 4 && left < 60 * 4);
  const { exitCode, stdout } = await runEntrypoint(env, { args: ['prune'] });
  assert.equal(exitCode, 0, stdout);
  assert.match(stdout, /^goes: shop\/.*, left by a prune that was interrupted$/m);
  assert.equal(server.objects().size, 40 * 4);
  for (const { folder } of backups.slice(0, 40)) assert.ok(server.objects().has(`nightly/${folder}manifest.json`));
});

test('what a killed run left goes after a week, is told before, and stays while its time is to be kept', async (t) => {
  const server = await startS3Server();
  t.after(() => server.close());
  const backups = nightly(30);
  preload(server, backups, 'nightly/');
  const [young, old, wanted] = [3, 27, 20].map((night) => backupOf(new Date(+backups[night]!.time + 3_600_000)));
  for (const { folder, time } of [young!, old!, wanted!]) {
    preloadObject(server, `nightly/${folder}globals.sql.zst.age`, 'globals', time);
    preloadObject(server, `nightly/${folder}database.dump.zst.age`, 'dump', time);
  }
  const env = {
    S3_ENDPOINT: server.url,
    BACKUP_DESTINATION: 's3://backups/nightly',
    S3_ACCESS_KEY_ID: 'ak',
    S3_SECRET_ACCESS_KEY: 'secret',
    KEEP_LAST: '25',
  };
  const here = (): boolean[] =>
    [young, old, wanted].map((run) => server.objects().has(`nightly/${run!.folder}globals.sql.zst.age`));
  const dry = await runEntrypoint(env, { args: ['prune', '--dry-run'] });
  assert.match(dry.stdout, new RegExp(`^goes: ${old!.folder}, left by a run that was interrupted$`, 'm'));
  assert.match(dry.stdout, new RegExp(`^left alone, not counted: ${young!.folder}, it has no manifest$`, 'm'));
  assert.deepEqual(here(), [true, true, true]);
  const { exitCode, stdout } = await runEntrypoint(env, { args: ['prune'] });
  assert.equal(exitCode, 0, stdout);
  const why = 'left by a run that was interrupted, although the KEEP_ variables keep its time';
  assert.match(stdout, new RegExp(`^left alone: ${wanted!.folder}, ${why}$`, 'm'));
  assert.deepEqual(here(), [true, false, true]);
  assert.equal(server.objects().size, 25 * 4 + 2 * 2);
});

test('SIGTERM ends a prune at once, with what is done told', async (t) => {
  const server = await startS3Server();
  t.after(() => server.close());
  preload(server, nightly(20), 'nightly/');
  server.fault({ operation: 'DeleteObject', from: 9, action: { kind: 'hang' } });
  const started = startEntrypoint(
    {
      S3_ENDPOINT: server.url,
      BACKUP_DESTINATION: 's3://backups/nightly',
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'secret',
      KEEP_LAST: '12',
    },
    { args: ['prune'] },
  );
  const deletes = (): number => server.calls.filter(({ operation }) => operation === 'DeleteObject').length;
  await until('it hangs in its deletes', () => deletes() >= 10);
  started.signal('SIGTERM');
  const { exitCode, stdout } = await started.ended;
  assert.equal(exitCode, 143);
  assert.match(stdout, /^stopped by SIGTERM: the next prune goes on from here$/m);
});

test('a folder that somebody put notes into keeps them', async () => {
  const backups = nightly(5);
  const root = folderOf(backups);
  const notes = join(root, backups[4]!.folder, 'notes.txt');
  writeFileSync(notes, 'do not lose');
  await run(root, [], { KEEP_LAST: '4' });
  assert.ok(existsSync(notes));
  assert.deepEqual(readdirSync(dirname(notes)), ['notes.txt']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useAudience } from '../backup/audience.ts';
import { folderOf, nightly } from '../retention/preloaded.ts';
import { age, custom, encrypted, flip, stored } from './shop.ts';

const audience = useAudience();
const channels = (changes: Record<string, string> = {}): Record<string, string> => ({
  ...audience.channels(),
  ...changes,
});

test('a check that finds a backup too old is told, and is no ping', async () => {
  const old = { BACKUP_DESTINATION: `file://${folderOf(nightly(2))}` };
  const run = await stored.run(['check', '--max-age', '1s', '--database', 'shop'], channels(old));
  assert.equal(run.exitCode, 79, run.stderr);
  const [hook] = audience.hooks();
  assert.match(
    String(hook?.['headline']),
    /^❌ shop: check failed: no fresh backup of shop in file:.* \(exit 79\)\. Newest good backup: .* old\.$/,
  );
  assert.deepEqual(audience.pinged(), []);
  assert.equal(audience.gateway.group({ job: 'pg_offsite', database: 'shop' })['pg_offsite_check_last_exit_code'], 79);
  assert.equal(audience.termination()['exitCode'], 79);
  assert.equal(audience.mails.length, 1);
});

test('a check that is fine is told to people who asked for everything', async () => {
  for (const on of ['recovery', 'always']) {
    const run = await stored.run(['check', '--max-age', '1h', '--database', 'shop'], channels({ NOTIFY_ON: on }));
    assert.equal(run.exitCode, 0, run.stderr);
  }
  assert.deepEqual(
    audience.hooks().map(({ event, command }) => [event, command]),
    [['success', 'check']],
  );
});

test('a wrong setting and a wrong option of a check are told', async () => {
  assert.equal((await stored.run(['check'], channels({ BACKUP_DESTINATION: 'nowhere' }))).exitCode, 78);
  assert.equal((await stored.run(['check', '--fresh'], channels())).exitCode, 64);
  assert.deepEqual(
    audience.hooks().map(({ exitCode }) => exitCode),
    [78, 64],
  );
});

test('a drill of a damaged backup is told with the backup that it was about', async () => {
  flip(encrypted().artifact, -100);
  const run = await stored.run(['drill', encrypted().id], channels(age));
  assert.equal(run.exitCode, 76, run.stdout + run.stderr);
  const [hook] = audience.hooks();
  assert.match(String(hook?.['headline']), /^❌ shop: drill failed: .*\(exit 76\)/);
  assert.deepEqual([hook?.['backupId'], hook?.['command']], [encrypted().id, 'drill']);
  assert.match(String(hook?.['location']), new RegExp(`/shop/${encrypted().id}$`));
  const figures = audience.gateway.group({ job: 'pg_offsite', database: 'shop' });
  assert.deepEqual(
    [figures['pg_offsite_drill_last_exit_code'], figures['pg_offsite_last_proof_timestamp_seconds']],
    [76, undefined],
  );
  audience.assertNothingLeaked(run.stdout + run.stderr);
});

test('a drill that passes tells the proof', async () => {
  const run = await stored.run(['drill', custom().id], channels());
  assert.equal(run.exitCode, 0, run.stdout + run.stderr);
  const figures = audience.gateway.group({ job: 'pg_offsite', database: 'shop' });
  const proved = Number(figures['pg_offsite_last_proof_timestamp_seconds']);
  assert.ok(Math.abs(proved - Date.now() / 1000) < 60);
  assert.deepEqual([audience.hooks(), audience.pinged()], [[], []]);
});

test('a prune that is refused is told, a dry run is not', async () => {
  const keep = { BACKUP_DESTINATION: `file://${folderOf(nightly(10))}`, KEEP_LAST: '3' };
  const dry = await stored.run(['prune', '--dry-run'], channels({ ...keep, NOTIFY_ON: 'always' }));
  assert.equal(dry.exitCode, 0, dry.stderr);
  assert.deepEqual(audience.hooks(), []);
  const run = await stored.run(['prune'], channels(keep));
  assert.equal(run.exitCode, 64, run.stdout);
  assert.deepEqual(
    audience.hooks().map(({ command, exitCode }) => [command, exitCode]),
    [['prune', 64]],
  );
});

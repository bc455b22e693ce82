import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startReceiver } from '../notify/receiver.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { databases, once, useFleet } from './scene.ts';

const scene = useFleet();
const pod = (index: number): Record<string, string> => ({
  FLEET_SHARDS: '3',
  JOB_COMPLETION_INDEX: String(index),
  HOSTNAME: `fleet-29384720-${index}`,
});

test('three processes that know nothing of each other back up every member once', async () => {
  const FLEET_FILE = scene.all();
  const runs = await Promise.all([0, 1, 2].map((index) => scene.run([], { FLEET_FILE, ...pod(index) })));
  for (const { run, result } of runs) {
    assert.equal(run.exitCode, 0, run.stderr);
    assert.deepEqual([result.outcome, result.exitCode, result.sharedBy], ['success', 0, 'sizes']);
    assert.equal(result.members?.length, 2);
    for (const { member, id } of result.members) {
      assert.ok(existsSync(join(scene.place, member, member, String(id), 'manifest.json')));
    }
  }
  assert.deepEqual(scene.kept(), once);
  assert.deepEqual(
    runs.map(({ result }) => result.fleet),
    [0, 1, 2].map((index) => ({ run: 'fleet-29384720', index, shards: 3, members: 6 })),
  );
  assert.deepEqual(
    readdirSync(scene.place).filter((name) => name.endsWith('.json')),
    ['fleet-fleet-29384720.json'],
  );
});

test('a share that was killed is made whole by another try, after the others have finished', async () => {
  const FLEET_FILE = scene.all();
  const killed = scene.start([], { FLEET_FILE, ...pod(1), ...fakePgDump('head -c 1000000 /dev/zero; sleep 60') });
  await until('it dumps', () => killed.processes().some(({ commandLine }) => commandLine.startsWith('sleep')));
  for (const { pid } of killed.processes()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went with another.
    }
  }
  await killed.ended;
  for (const index of [0, 2]) assert.equal((await scene.run([], { FLEET_FILE, ...pod(index) })).run.exitCode, 0);
  assert.equal(
    Object.values(scene.kept()).reduce((sum, count) => sum + count, 0),
    4,
  );
  const { run } = await scene.run([], { FLEET_FILE, ...pod(1) });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(scene.kept(), once);
});

test('a failing member stops no other, and the worst exit code and all of them are told', async () => {
  const FLEET_FILE = scene.file(`
- { name: gone, url: "${scene.postgres.url('nowhere')}" }
- { name: unset, urlEnv: UNSET_URL }
- { name: file, urlFile: none.txt }
${databases.map((name) => `- { name: ${name}, url: "${scene.postgres.url(name)}" }`).join('\n')}
`);
  const { run, result } = await scene.run([], { FLEET_FILE, FLEET_CONCURRENCY: '3' });
  assert.equal(run.exitCode, 78, run.stderr);
  assert.deepEqual(scene.kept(), once);
  assert.match(String(result.error), /^3 of 9 members not backed up: gone, unset, file$/);
  const told = result.members?.map(({ member, exitCode, error }) => [member, exitCode, error] as const) ?? [];
  assert.deepEqual(
    told.map(([member]) => member),
    ['gone', 'unset', 'file', ...databases],
  );
  assert.deepEqual(
    told.map(([, exitCode]) => exitCode),
    [69, 78, 78, 0, 0, 0, 0, 0, 0],
  );
  assert.match(told[0]![2] ?? '', /nowhere/);
  assert.match(told[1]![2] ?? '', /^UNSET_URL is not set, which is to hold the URL of unset$/);
  assert.match(told[2]![2] ?? '', /^the urlFile of file, \/.*\/none\.txt, cannot be read \(ENOENT\)$/);
  assert.match(run.stderr, /ERROR: gone is not backed up \(\d of 9\): /);
  assert.match(run.stderr, /^\[shop\] .*done: file:\/\/.*\/shop\/shop\//m);
});

for (const [signal, exitCode] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`${signal} ends what runs, begins nothing more, and tells of every member`, async () => {
    const slow = scene.start([], {
      FLEET_FILE: scene.all(),
      FLEET_CONCURRENCY: '2',
      ...fakePgDump('head -c 1000000 /dev/zero; sleep 60'),
    });
    await until(
      'two dumps run',
      () => slow.processes().filter(({ commandLine }) => commandLine.startsWith('sleep')).length === 2,
    );
    slow.signal(signal);
    const run = await slow.ended;
    assert.equal(run.exitCode, exitCode, run.stderr);
    assert.deepEqual(run.leftBehind, []);
    const { members = [] } = JSON.parse(run.stdout) as { members?: { exitCode: number; error: string }[] };
    assert.deepEqual(
      members.map((member) => member.exitCode),
      Array(6).fill(exitCode),
    );
    assert.deepEqual(members.filter(({ error }) => error === `not begun: stopped by ${signal}`).length, 4);
    assert.deepEqual(
      Object.values(scene.kept()).filter((count) => count > 0),
      [],
    );
  });
}

test('the deadline is that of the whole share', async () => {
  const variables = {
    FLEET_FILE: scene.all(),
    BACKUP_TIMEOUT: '4s',
    ...fakePgDump('head -c 1000000 /dev/zero; sleep 60'),
  };
  const { run, result } = await scene.run([], variables);
  assert.equal(run.exitCode, 124, run.stderr);
  assert.deepEqual(
    result.members?.map((member) => member.exitCode),
    Array(6).fill(124),
  );
});

test('people are told once, of all; the switch of a member is its own', async () => {
  const receiver = await startReceiver(200);
  try {
    const { origin } = receiver;
    const FLEET_FILE = scene.file(`
- { name: shop, url: "${scene.postgres.url('shop')}", set: { HEALTHCHECK_URL: "${origin}/shop" } }
- { name: gone, url: "${scene.postgres.url('nowhere')}" }
`);
    const variables = {
      FLEET_FILE,
      WEBHOOK_URL: `${origin}/people`,
      HEALTHCHECK_URL: `${origin}/all`,
      NOTIFY_ON: 'always',
    };
    const { run, result } = await scene.run([], variables);
    assert.equal(run.exitCode, 69, run.stderr);
    const paths = receiver.received.map(({ path }) => path.replace(/\?.*/, '')).sort();
    assert.deepEqual(paths, ['/all/69', '/all/start', '/people', '/shop', '/shop/start']);
    const message = receiver.received.find(({ path }) => path === '/people')?.body ?? '';
    assert.match(message, /gone/);
    assert.match(message, /shop/);
    assert.equal(result.notified?.length, 2);
  } finally {
    await receiver.close();
  }
});

test('a member may be a server with several databases', async () => {
  const FLEET_FILE = scene.file(
    `[{ name: server, url: "${scene.postgres.url('shop')}", set: { DATABASES: "shop,crm" } }]`,
  );
  const { run, result } = await scene.run([], { FLEET_FILE });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(scene.kept(), { server: 2 });
  assert.equal(result.members?.length, 1);
});

test('lines of JSON say whose they are', async () => {
  const FLEET_FILE = scene.file(`[{ name: shop, url: "${scene.postgres.url('shop')}" }]`);
  const { run } = await scene.run([], { FLEET_FILE, LOG_FORMAT: 'json' });
  const lines = run.stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const done = lines.find(({ event }) => event === 'done');
  assert.deepEqual([done?.['member'], done?.['database']], ['shop', 'shop']);
});

test('a file with a mistake stops everything before anything is contacted', async () => {
  const { run, result } = await scene.run([], { FLEET_FILE: scene.file('[{ name: shop, uri: canary }]') });
  assert.equal(run.exitCode, 78);
  assert.match(String(result.error), /member shop \(line 1\) has uri, which is none of/);
  assert.equal(existsSync(scene.place), false);
});

test('a process for which no member is left says so and ends well', async () => {
  const FLEET_FILE = scene.file(`[{ name: shop, url: "${scene.postgres.url('shop')}" }]`);
  const { run, result } = await scene.run([], { FLEET_FILE, ...pod(2) });
  assert.equal(run.exitCode, 0, run.stderr);
  assert.deepEqual(result.members, []);
  assert.match(run.stderr, /WARN: there are more shares than members: nothing is left for share 2/);
});

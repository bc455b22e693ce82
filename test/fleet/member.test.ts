import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { keepBackup } from '../schedule/kept-backups.ts';
import { fleetFile, fleetOf, fleetProblems } from './reading.ts';

/* Commands about one member, and files that cannot be read. */

const place = join(temporaryFolder(), 'fleet');
const members = `
defaults: { KEEP_LAST: 5, KEEP_MINIMUM: 1 }
members:
  - { name: shop, urlEnv: SHOP_URL, set: { KEEP_LAST: 2 } }
  - { name: server, urlFile: not-there, set: { DATABASES: "one,two" } }
`;
const FLEET_FILE = fleetFile(members);
for (const [member, database] of [
  ['shop', 'shop'],
  ['server', 'one'],
  ['server', 'two'],
] as const) {
  mkdirSync(join(place, member), { recursive: true });
  for (const hours of [1, 2, 3])
    keepBackup(join(place, member), { begun: new Date(Date.now() - hours * 3_600_000), database });
}

function run(args: readonly string[], variables: Record<string, string> = {}): Promise<EndedRun> {
  return runEntrypoint({ BACKUP_DESTINATION: `file://${place}`, FLEET_FILE, ...variables }, { args });
}

describe('a command about one member', () => {
  for (const args of [
    ['list'],
    ['verify'],
    ['drill'],
    ['restore', 'latest'],
    ['prune'],
    ['check', '--max-age', '26h'],
  ]) {
    test(`${args[0]} says at the root of a fleet how to get there`, async () => {
      const { exitCode, stderr } = await run(args);
      assert.equal(exitCode, 64, stderr);
      assert.match(stderr, new RegExp(`FLEET_FILE is set, and ${args[0]} is about one member of the fleet\n`));
      assert.match(
        stderr,
        /HINT: Add --member NAME, or set BACKUP_DESTINATION=file:\/\/\S+\/fleet\/NAME \(of shop, server\); /,
      );
    });
  }

  test('goes there with --member, by the settings of that member', async () => {
    const listed = await run(['list', '--member', 'server', '--json']);
    assert.equal(listed.exitCode, 0, listed.stderr);
    const { location, backups } = JSON.parse(listed.stdout) as { location: string; backups: { database: string }[] };
    assert.equal(location, `file://${place}/server`);
    assert.deepEqual(backups.map(({ database }) => database).sort(), ['one', 'one', 'one', 'two', 'two', 'two']);
    const pruned = await run(['prune', '--dry-run', '--member=shop']);
    assert.equal(pruned.exitCode, 0, pruned.stderr);
    assert.match(pruned.stdout, /^shop: 2 of 3 backups stay, 1 goes \(.*\)\nKEEP_LAST=2, KEEP_MINIMUM=1;/);
    const each = await run(['prune', '--dry-run', '--member', 'server']);
    assert.match(each.stdout, /^one: 3 of 3 [^]*^two: 3 of 3 /m);
  });

  test('or with the folder of that member as the destination', async () => {
    const { exitCode, stdout, stderr } = await run(['list'], { BACKUP_DESTINATION: `file://${place}/shop` });
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout.match(/ shop /g)?.length, 3, stdout);
  });

  test('says which members there are, and what it needs', async () => {
    const cases = [
      [['--member', 'shpo'], {}, /no member of the fleet: shpo\n.*HINT: Its members are shop, server\./],
      [['--member'], {}, /--member needs the name of a member/],
      [['--member', 'shop'], { FLEET_FILE: '' }, /--member needs FLEET_FILE, which is not set/],
    ] as const;
    for (const [args, variables, told] of cases) {
      const { exitCode, stderr } = await run(['list', ...args], variables);
      assert.equal(exitCode, 64, stderr);
      assert.match(stderr, told);
    }
  });
});

test('check at the root of a fleet that it does not know of says so', async () => {
  const { exitCode, stderr } = await run(['check', '--max-age', '26h'], { FLEET_FILE: '' });
  assert.equal(exitCode, 79, stderr);
  assert.match(stderr, /HINT: .*folders of a fleet.*FLEET_FILE.*check --fleet/);
});

describe('a file that cannot be read', () => {
  const asOther = (work: () => void): void => {
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(10001);
    try {
      work();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  };

  test('is told as the urlFile of its member, with its path', () => {
    const folder = dirname(FLEET_FILE);
    for (const [name, mode, told] of [
      [
        'none',
        undefined,
        { message: `the urlFile of a, ${folder}/none, cannot be read (ENOENT)`, hint: /^Write the URL/ },
      ],
      [
        'secret',
        0,
        {
          message: `the urlFile of a, ${folder}/secret, cannot be read (EACCES)`,
          hint: /^The image runs as user 10001: /,
        },
      ],
    ] as const) {
      if (mode !== undefined) writeFileSync(join(folder, name), 'postgresql://u@db/a', { mode });
      const { environmentOf, members: all } = fleetOf(`[{ name: a, urlFile: ${folder}/${name} }]`);
      chmodSync(folder, 0o755);
      asOther(() => {
        assert.throws(
          () => environmentOf(all[0]!),
          (error: unknown) => {
            assert(error instanceof Failure);
            assert.deepEqual([error.kind, error.message], ['config', told.message]);
            assert.match(error.hint ?? '', told.hint);
            return true;
          },
        );
      });
    }
  });

  test('is told for whom it must be readable, where it is the fleet file', () => {
    const path = fleetFile('[]');
    chmodSync(dirname(path), 0o755);
    chmodSync(path, 0);
    let problems: string[] = [];
    asOther(() => {
      problems = fleetProblems('', { FLEET_FILE: path });
    });
    assert.deepEqual(problems, [
      'FLEET_FILE names a file that cannot be read (EACCES); the image runs as user 10001: chown 10001 that file, and chmod 0400 it (in Kubernetes: fsGroup: 10001 for the pod)',
    ]);
  });

  test('has no second problem, where it is that of DATABASE_URL', async () => {
    const { exitCode, stderr } = await runEntrypoint(
      { BACKUP_DESTINATION: `file://${place}`, DATABASE_URL_FILE: '/nowhere/url' },
      { args: ['backup'] },
    );
    assert.equal(exitCode, 78);
    assert.match(stderr, /has a problem:\n.*DATABASE_URL_FILE names a file that cannot be read \(ENOENT\)/);
    assert.doesNotMatch(stderr, /DATABASE_URL is not set/);
  });
});

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { type EndedRun, runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { keepBackup, keepProof } from '../schedule/kept-backups.ts';
import { fleetFile } from './reading.ts';
import { useFleet } from './scene.ts';

const scene = useFleet();
const hourMs = 3_600_000;
const ago = (hours: number): Date => new Date(Date.now() - hours * hourMs);
const root = temporaryFolder();
let place: string;
let tests = 0;

const FLEET_FILE = fleetFile(`
- { name: shop, urlEnv: SHOP_URL }
- { name: crm, urlEnv: CRM_URL, set: { BACKUP_SCHEDULE: "0 0 1 * *" } }
- { name: server, urlEnv: SERVER_URL, set: { DATABASES: "*" } }
`);
beforeEach(() => {
  place = join(root, `store-${String((tests += 1))}`);
  mkdirSync(place);
});

function keep(member: string, hours: number, database = member) {
  mkdirSync(join(place, member), { recursive: true });
  return keepBackup(join(place, member), { begun: ago(hours), database });
}

function look(args: readonly string[], variables: Record<string, string> = {}): Promise<EndedRun> {
  return runEntrypoint({ BACKUP_DESTINATION: `file://${place}`, FLEET_FILE, ...variables }, { args });
}

describe('check --fleet', () => {
  test('looks at the newest backup of every database of every member', async () => {
    keep('shop', 50);
    keep('shop', 2);
    keep('crm', 3);
    keep('server', 4, 'one');
    keep('server', 5, 'two');
    keep('stranger', 999);
    const run = await look(['check', '--fleet', '--max-age', '26h']);
    assert.equal(run.exitCode, 0, run.stderr);
    const lines = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/:.*/, ''));
    assert.deepEqual(lines, ['ok crm', 'ok server/one', 'ok server/two', 'ok shop']);
    assert.match(run.stderr, /of no member and not looked at: stranger/);
    assert.match(run.stderr, /4 of 4 databases of 3 members are fresh/);
  });

  test('tells which are late, and of which there is nothing', async () => {
    keep('shop', 50);
    keep('server', 1, 'one');
    keep('server', 40, 'two');
    const run = await look(['check', '--fleet', '--max-age', '26h', '--json']);
    assert.equal(run.exitCode, 79, run.stderr);
    const { fresh, databases } = JSON.parse(run.stdout) as {
      fresh: boolean;
      databases: { database: string; fresh: boolean; reasons: string[] }[];
    };
    assert.equal(fresh, false);
    assert.deepEqual(
      databases.map(({ database, reasons }) => [database, reasons]),
      [
        ['crm', ['no complete backup']],
        ['server/two', ['too old']],
        ['shop', ['too old']],
        ['server/one', []],
      ],
    );
    assert.match(run.stderr, /no fresh backup of 3 of 4 databases: crm, server\/two, shop/);
  });

  test('judges each member by its own schedule', async () => {
    for (const name of ['shop', 'crm', 'server']) keep(name, 26 * 24);
    const run = await look(['check', '--fleet', '--database', 'crm', '--grace', '1000d'], {
      BACKUP_SCHEDULE: '* * * * *',
    });
    assert.equal(run.exitCode, 0, run.stderr);
    const late = await look(['check', '--fleet', '--grace', '0s'], { BACKUP_SCHEDULE: '* * * * *' });
    assert.equal(late.exitCode, 79);
    assert.match(late.stdout, /^LATE shop: .*next due in \d+s$/m);
    assert.match(late.stdout, /^\w+ crm: .*next due in \d+d/m);
  });

  test('demands proofs where they are asked for', async () => {
    keepProof(keep('shop', 3), ago(1));
    keep('crm', 3);
    keepProof(keep('server', 3), ago(1));
    const run = await look(['check', '--fleet', '--proved', '--max-age', '26h']);
    assert.equal(run.exitCode, 79);
    assert.match(run.stdout, /^LATE crm: .*never proved by a drill/m);
    assert.match(run.stderr, /no fresh and proved backup of 1 of 3 databases: crm/);
  });

  for (const [args, variables, exitCode, told] of [
    [['--max-age', '26h'], { FLEET_FILE: '', DATABASE_URL: 'postgresql://a@b/c' }, 78, /--fleet needs FLEET_FILE/],
    [[], {}, 78, /nothing says how fresh backups have to be of shop, server$/m],
    [['--max-age', '1h', '--database', 'nobody'], {}, 64, /no member of the fleet: nobody/],
  ] as const) {
    test(`is refused with ${args.join(' ')} ${JSON.stringify(variables)}`, async () => {
      const run = await look(['check', '--fleet', ...args], variables);
      assert.equal(run.exitCode, exitCode, run.stderr);
      assert.match(run.stderr, told);
    });
  }
});

test('report --fleet is one page about every member, each judged by its own schedule', async () => {
  keep('shop', 26);
  keep('shop', 2);
  keep('server', 3, 'one');
  const run = await look(['report', '--fleet'], { BACKUP_SCHEDULE: '0 0 1 1 *' });
  assert.equal(run.exitCode, 0, run.stderr);
  const rows = [...run.stdout.matchAll(/<th scope="row">\s*<a[^>]*>([^<]*)<\/a>/g)].map(([, name]) => name);
  assert.deepEqual(rows, ['crm', 'server/one', 'shop']);
  assert.match(run.stderr, /1 of 3 databases needs attention: crm\./);
});

describe('doctor with a fleet', () => {
  const variables = () => ({
    SHOP_URL: scene.postgres.url('shop'),
    CRM_URL: scene.postgres.url('crm'),
    SERVER_URL: scene.postgres.url('postgres'),
  });

  test('tries every member and leaves nothing behind', async () => {
    const run = await look(['doctor'], variables());
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^ok {4}configuration: all variables and 3 members are understood$/m);
    assert.match(run.stdout, /^ok {4}shop: postgres on shop, PostgreSQL/m);
    assert.match(run.stdout, /^all fine: 3 members can be backed up$/m);
    assert.deepEqual([run.leftBehind, readdirSync(place)], [[], []]);
  });

  test('tells what is wrong with which, and ends with the worst code', async () => {
    const run = await look(['doctor'], {
      ...variables(),
      CRM_URL: '',
      SHOP_URL: scene.postgres.url('nowhere'),
      FLEET_SHARDS: '1',
    });
    assert.equal(run.exitCode, 78, run.stdout + run.stderr);
    assert.match(run.stdout, /^ok {4}server: /m);
    assert.match(run.stdout, /^FAIL {2}crm: CRM_URL is not set/m);
    assert.match(run.stdout, /^FAIL {2}shop: .*nowhere/m);
    assert.match(run.stdout, /^2 of 3 members to look at$/m);
  });

  test('tells the share of a process, and tries only that', async () => {
    const pod = { FLEET_SHARDS: '2', FLEET_INDEX: '1', FLEET_RUN: 'doctor' };
    const run = await look(['doctor'], { ...variables(), ...pod });
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    assert.match(run.stdout, /^ok {4}fleet: share 1 of 2 is now 1 of 3 members: server$/m);
    assert.doesNotMatch(run.stdout, /^ok {4}shop: /m);
    assert.equal(existsSync(join(place, 'fleet-doctor.json')), false);
  });
});

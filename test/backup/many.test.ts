import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { useAudience } from './audience.ts';
import { assertNoCanary, onlyLine, type Result, useScene } from './scene.ts';

const scene = useScene();
const audience = useAudience();

type Part = Readonly<Record<string, unknown>>;
const partsOf = (result: Result): Part[] => result['databases'] as Part[];
const outcomes = (result: Result): unknown[] =>
  partsOf(result).map(({ database, outcome, exitCode }) => [database, outcome, exitCode]);
/** The databases that have a complete backup besides the one of the scene. */
const stored = (result: Result): unknown[] =>
  partsOf(result)
    .filter(({ id, database }) => {
      return scene.server.objects().has(`nightly/${String(database)}/${String(id)}/manifest.json`);
    })
    .map(({ database }) => database);
const asOutsider = (): string => scene.postgres.url('shop', { user: 'outsider', password: 'canary-of-another' });

describe('a run about several databases', () => {
  before(async () => {
    for (const name of ['crm', 'hr']) {
      await scene.postgres.createDatabase(name);
      await scene.postgres.psql(`create table ${name} as select generate_series(1, 100) as id`, name);
    }
    await scene.postgres.psql(
      `create role outsider login password 'canary-of-another'; grant pg_read_all_data to outsider; revoke connect on database crm from public`,
    );
  });

  test('several databases are backed up in one run, each by itself', async () => {
    const run = await scene.start({ DATABASES: 'shop,crm,hr', ...audience.channels() }).ended;
    assert.equal(run.exitCode, 0, run.stderr);
    const result = onlyLine(run.stdout);
    assert.deepEqual(outcomes(result), [
      ['shop', 'success', 0],
      ['crm', 'success', 0],
      ['hr', 'success', 0],
    ]);
    assert.deepEqual(stored(result), ['shop', 'crm', 'hr']);
    assert.deepEqual(
      partsOf(result).map(({ rows }) => rows),
      [5100, 100, 100],
    );
    assert.deepEqual(audience.pinged(), ['/start', '']);
    assert.match(run.stderr, /INFO: crm: backing up crm/);
    assertNoCanary(run.stdout + run.stderr);
    assert.deepEqual(run.leftBehind, []);
  });

  test('* is every database that may be connected to, without templates and what is left out', async () => {
    const run = await scene.start({ DATABASE_URL: asOutsider(), DATABASES: '*', EXCLUDE_DATABASES: 'post*,h?' }).ended;
    assert.equal(run.exitCode, 0, run.stderr);
    const result = onlyLine(run.stdout);
    assert.deepEqual(outcomes(result), [['shop', 'success', 0]]);
    assert.match(String(result['warnings']), /^not backed up, since outsider may not connect: crm;/);
  });

  test('the databases are found although DATABASE_URL names none that is there', async () => {
    for (const DATABASE_URL of [
      scene.postgres.url('gone'),
      scene.postgres.url('crm', { user: 'outsider', password: 'canary-of-another' }),
    ]) {
      const run = await scene.start({ DATABASE_URL, DATABASES: '*', EXCLUDE_DATABASES: 'postgres,hr,crm' }).ended;
      assert.equal(run.exitCode, 0, run.stderr);
      assert.deepEqual(outcomes(onlyLine(run.stdout)), [['shop', 'success', 0]]);
    }
  });

  test('nothing to back up is a failure', async () => {
    await scene.fails(
      { DATABASES: '*', EXCLUDE_DATABASES: '*' },
      { exitCode: 78, error: /^DATABASES=\* finds no database/ },
    );
    await scene.fails(
      { DATABASES: 'shop', EXCLUDE_DATABASES: 's*' },
      { exitCode: 78, error: /leaves out every database/ },
    );
  });

  test('fault 77: the second of three fails, the others are done', async () => {
    const changes = {
      DATABASE_URL: asOutsider(),
      DATABASES: 'shop,crm,hr',
      ...audience.channels(),
      NOTIFY_ON: 'recovery',
    };
    const run = await scene.start(changes).ended;
    assert.equal(run.exitCode, 69, run.stderr);
    const result = onlyLine(run.stdout);
    assert.deepEqual(outcomes(result), [
      ['shop', 'success', 0],
      ['crm', 'failure', 69],
      ['hr', 'success', 0],
    ]);
    assert.deepEqual(stored(result), ['shop', 'hr']);
    assert.equal(result['error'], '1 of 3 databases failed: crm: user outsider may not connect to database crm');
    assert.match(run.stderr, /ERROR: crm: user outsider may not connect to database crm/);
    const [hook, ...more] = audience.hooks();
    assert.deepEqual(more, []);
    assert.match(
      String(hook?.['headline']),
      /^❌ backup failed: 1 of 3 databases failed: crm: .* \(exit 69\)\. There is no good/,
    );
    assert.deepEqual(
      (hook?.['parts'] as Part[]).map(({ name, exitCode }) => [name, exitCode]),
      [
        ['crm', 69],
        ['shop', 0],
        ['hr', 0],
      ],
    );
    assert.deepEqual(audience.pinged(), ['/start', '/69']);
    assert.match(String(scene.server.objects().get('nightly/crm/last-failure.json')?.data), /may not connect/);

    await scene.postgres.psql('grant connect on database crm to outsider');
    try {
      const next = await scene.start(changes).ended;
      assert.equal(next.exitCode, 0, next.stderr);
      assert.match(String(audience.hooks().at(-1)?.['headline']), /^✅ 3 databases: backup works again/);
    } finally {
      await scene.postgres.psql('revoke connect on database crm from outsider');
    }
  });

  test('one that is not there fails by itself', async () => {
    const run = await scene.start({ DATABASES: 'gone,hr', DATABASE_CONCURRENCY: '2' }).ended;
    assert.equal(run.exitCode, 69, run.stderr);
    const result = onlyLine(run.stdout);
    assert.deepEqual(outcomes(result), [
      ['gone', 'failure', 69],
      ['hr', 'success', 0],
    ]);
    assert.match(String(result['hint']), /Check the name in DATABASES/);
  });

  for (const [what, changes, exitCode] of [
    ['SIGTERM', {}, 143],
    ['the deadline', { BACKUP_TIMEOUT: '8s' }, 124],
  ] as const) {
    test(`${what} ends the database under way, and those that follow are told as not begun`, async () => {
      const slow = fakePgDump('head -c 7000000 /dev/zero; case $PGDATABASE in shop) ;; *) sleep 60;; esac');
      const run = scene.start({ ...slow, DATABASES: 'shop,crm,hr', ...changes, REPORT: 'on' });
      if (exitCode === 143) {
        const second = (): boolean =>
          scene.server.calls.some(({ operation, key }) => operation === 'UploadPart' && key.includes('/crm/'));
        await until('the second is under way', second);
        run.signal('SIGTERM');
      }
      const ended = await run.ended;
      assert.equal(ended.exitCode, exitCode, ended.stderr);
      const result = onlyLine(ended.stdout);
      assert.deepEqual(outcomes(result), [
        ['shop', 'success', 0],
        ['crm', 'failure', exitCode],
        ['hr', 'failure', exitCode],
      ]);
      assert.deepEqual(stored(result), ['shop']);
      assert.match(String(result['error']), /: 2 of 3 databases not backed up, 1 of them not begun$/);
      assert.match(String(partsOf(result)[2]?.['error']), /^not begun: /);
      assert.deepEqual(scene.server.openUploads, []);
      assert.deepEqual(ended.leftBehind, []);
    });
  }

  test('what is wrong with the configuration stops all', async () => {
    const changes = { S3_PART_SIZE: '5MiB', S3_MAX_PARTS: '1', DATABASES: 'shop,crm,hr' };
    const run = await scene.start(changes).ended;
    assert.equal(run.exitCode, 78, run.stderr);
    const result = onlyLine(run.stdout);
    assert.deepEqual(
      partsOf(result).map(({ error }) => String(error).startsWith('not begun: ')),
      [false, true, true],
    );
  });

  test('the report is written once, about all of them', async () => {
    const run = await scene.start({ DATABASES: 'shop,hr,gone', REPORT: 'on' }).ended;
    assert.equal(run.exitCode, 69, run.stderr);
    const puts = scene.server.calls.filter(
      ({ operation, key }) => operation === 'PutObject' && key.endsWith('report.html'),
    );
    assert.equal(puts.length, 1);
    const page = String(scene.server.objects().get('nightly/report.html')?.data);
    for (const name of ['shop', 'hr', 'gone']) assert.ok(page.includes(name));
  });
});

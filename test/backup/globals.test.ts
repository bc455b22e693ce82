import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseManifest } from '../../src/catalog/manifest.ts';
import { fakePgDump, fakePgDumpAll, temporaryFolder } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { canaries, useScene } from './scene.ts';

const scene = useScene();
const auto = { GLOBALS: 'auto' };
const refuses = `echo 'pg_dumpall: error: query failed: ERROR:  permission denied for table pg_roles' >&2; exit 1`;

function manifestOf(): ReturnType<typeof parseManifest> {
  const key = [...scene.server.objects().keys()].filter((name) => name.endsWith('manifest.json')).at(-1) ?? '';
  return parseManifest(scene.server.objects().get(key)?.data?.toString() ?? '', key);
}

describe('GLOBALS=auto', () => {
  test('a server that refuses them is a warning, and the backup stands without them', async () => {
    const { result, run } = await scene.succeeds({ ...auto, ...fakePgDumpAll(refuses) });
    assert.equal(result['globals'], 'none');
    const warning = /the backup has no roles.*GLOBALS=auto.*pg_dumpall failed with exit code 1: .*permission denied/;
    assert.match(String(result['warnings']), warning);
    assert.match(run.stderr, warning);
    assert.deepEqual(
      scene
        .addedFiles()
        .map((key) => key.split('/').at(-1))
        .sort(),
      ['RESTORE.md', 'SHA256SUMS', 'database.dump', 'manifest.json'],
    );
    const { schemaVersion, globals } = manifestOf();
    assert.deepEqual({ schemaVersion, globals }, { schemaVersion: 1, globals: undefined });
  });

  for (const script of ['"$real" "$@" | head -c 300', 'exit 0']) {
    test(`half a script is none, even where all seems well: ${script}`, async () => {
      const { result } = await scene.succeeds({ ...auto, ...fakePgDumpAll(script) });
      assert.equal(result['globals'], 'none');
      assert.match(String(result['warnings']), /pg_dumpall succeeded without writing all of the globals/);
    });
  }

  test('a pg_dumpall that does not end is given up after STALL_TIMEOUT', async () => {
    const { result } = await scene.succeeds({ ...auto, ...fakePgDumpAll('exec sleep 600'), STALL_TIMEOUT: '3s' });
    assert.match(String(result['warnings']), /the globals were not dumped within STALL_TIMEOUT/);
  });

  test('fault 4: the session that holds the snapshot is ended meanwhile, and pg_dumpall, which is slow to go, with it', async () => {
    const begun = join(temporaryFolder(), 'begun');
    const run = scene.start({
      ...auto,
      ...fakePgDumpAll(`trap '' TERM; touch '${begun}'; sleep 2; sleep 2; sleep 60`),
    });
    await until('pg_dumpall runs', () => existsSync(begun));
    await scene.postgres.psql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg-offsite'`,
    );
    await scene.assertFailed(await run.ended, { exitCode: 65, error: /the connection that holds the snapshot/ });
  });

  test('fault 11: a role with a statement_timeout of a millisecond stores them', async () => {
    await scene.postgres.psql(
      `CREATE ROLE hurried SUPERUSER LOGIN PASSWORD 'x'; ALTER ROLE hurried SET statement_timeout = 1`,
    );
    const url = scene.postgres.url('shop', { user: 'hurried', password: 'x' });
    const { result } = await scene.succeeds({ DATABASE_URL: url, GLOBALS: 'on' });
    assert.equal(result['globals'], 'without passwords');
  });
});

describe('GLOBALS=on', () => {
  test('a server that refuses them fails the run before anything is dumped', async () => {
    await scene.fails(
      { ...fakePgDumpAll(refuses), GLOBALS: 'on' },
      { exitCode: 65, error: /pg_dumpall failed with exit code 1: .*permission denied/, hint: /GLOBALS=off/ },
    );
    assert.deepEqual(
      scene.server.calls.filter(({ key }) => key.includes('database.dump') && key.includes('Part')),
      [],
    );
  });
});

describe('beside a dump in lanes', () => {
  const lanes = { ...auto, JOBS: '3' };

  test('they are dumped at the same time', async () => {
    const place = temporaryFolder();
    const meet = (own: string, other: string): string =>
      `touch '${place}/${own}'; until [ -e '${place}/${other}' ]; do sleep 0.1; done`;
    const variables = fakePgDumpAll(
      `${meet('globals', 'rest')}; exec "$real" "$@"`,
      `case "$*" in *--exclude-table=*) ${meet('rest', 'globals')};; esac`,
    );
    const { result } = await scene.succeeds({ ...lanes, ...variables });
    assert.equal(result['globals'], 'without passwords');
  });

  test('they fail the run though all lanes are stored, with GLOBALS=on', async () => {
    await scene.fails(
      { ...lanes, ...fakePgDumpAll(`sleep 2; ${refuses}`), GLOBALS: 'on' },
      { exitCode: 65, error: /pg_dumpall failed with exit code 1: .*permission denied/, hint: /GLOBALS=off/ },
    );
  });

  test('a lane that fails ends them', async () => {
    const fail = `case "$*" in *--exclude-table=*) sleep 1; echo 'pg_dump: error: no more' >&2; exit 1;; esac`;
    await scene.fails(
      { ...lanes, ...fakePgDumpAll('exec sleep 600', fail) },
      { exitCode: 65, error: /^pg_dump failed with exit code 1: no more$/ },
    );
  });
});

describe('the promise holds for both objects', () => {
  for (const VERIFY of ['download', 'drill']) {
    test(`fault 44: one bit of the stored globals is flipped, with VERIFY=${VERIFY}`, async () => {
      scene.server.fault({
        operation: 'PutObject',
        when: ({ key }) => key.includes('/globals.sql'),
        times: 1,
        action: { kind: 'corrupt' },
      });
      const variables = { ...auto, VERIFY, DRILL_DATABASE_URL: scene.postgres.url('postgres') };
      await scene.fails(variables, {
        exitCode: 76,
        error: /globals\.sql.* reads back with SHA-256/,
        hint: /Do not trust/,
      });
    });
  }

  test('a dump that fails takes the globals with it', async () => {
    await scene.fails(
      { ...auto, ...fakePgDump(`echo 'pg_dump: error: no' >&2; exit 1`) },
      { exitCode: 65, error: /pg_dump failed/ },
    );
    assert.ok(
      scene.server.calls.some(({ key, operation }) => operation === 'PutObject' && key.includes('/globals.sql')),
    );
  });

  test('a store that does not take the globals fails the run', async () => {
    const isGlobals = ({ key }: { readonly key: string }): boolean => key.includes('/globals.sql');
    scene.server.fault({ operation: 'PutObject', when: isGlobals, action: { kind: 'answer', status: 500 } });
    await scene.fails(auto, { exitCode: 74, error: /globals\.sql/ });
    assert.ok(scene.server.calls.some(isGlobals));
  });
});

test('its arguments and what it says hold no password; it gets the database of the run', async () => {
  const said = join(temporaryFolder(), 'said');
  const { run } = await scene.succeeds({
    ...auto,
    ...fakePgDumpAll(`echo "$@" > ${said}; echo 'pg_dumpall: warning: odd' >&2; exec "$real" "$@"`),
  });
  const args = readFileSync(said, 'utf8');
  assert.match(args, /--globals-only .*--database=dbname='shop' --no-role-passwords/);
  assert.ok(!args.includes(canaries.databasePassword));
  assert.match(run.stderr, /pg_dumpall: odd/);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { lanesOf } from '../../src/catalog/lanes.ts';
import { type Manifest, parseManifest } from '../../src/catalog/manifest.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { until } from '../support/until.ts';
import { useScene } from './scene.ts';

const scene = useScene();
const real = 'exec /usr/lib/postgresql/15/bin/pg_dump "$@"';

/** The real pg_dump, except in one lane. */
function except(lane: 'definitions' | 'contents' | 'rest', script: string): Record<string, string> {
  const pattern = { definitions: '*--section=pre-data*', contents: '*--table=*', rest: '*--exclude-table=*' }[lane];
  return { JOBS: '3', ...fakePgDump(`case "$*" in ${pattern}) ${script};; esac\n${real}`) };
}

function manifestOf(id: unknown): Manifest {
  const key = [...scene.server.objects().keys()].find((one) => one.endsWith(`${String(id)}/manifest.json`));
  return parseManifest(String(scene.server.objects().get(key ?? '')?.data), 'here');
}

describe('a dump in lanes', () => {
  test('is several objects of one backup, which commands know', async () => {
    const { result, run } = await scene.succeeds({ JOBS: '3' });
    const files = ['database-schema.dump', 'database-data-01.dump', 'database-data-rest.dump'];
    assert.deepEqual(scene.addedFiles().sort(), [...files, 'RESTORE.md', 'SHA256SUMS', 'manifest.json'].sort());
    const manifest = manifestOf(result['id']);
    assert.equal(manifest.schemaVersion, 3);
    assert.deepEqual(
      manifest.artifacts.map(({ key }) => key),
      files,
    );
    assert.deepEqual(
      manifest.contents.tables.map(({ name, rows, exact }) => [name, rows, exact]),
      [
        ['customers', 100, true],
        ['notes', 5000, true],
      ],
    );
    assert.equal(
      result['bytes'],
      manifest.artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    const sums = [...scene.server.objects()].find(([key]) => key.endsWith(`${String(result['id'])}/SHA256SUMS`));
    const text = sums?.[1].data;
    assert.ok(text);
    assert.equal(result['sha256'], createHash('sha256').update(text).digest('hex'));
    assert.match(run.stderr, /dumping into 3 objects, 2 at once and the definitions beside/);
    const verified = await scene.start({}, { args: ['verify'] }).ended;
    assert.equal(verified.exitCode, 0, verified.stderr);
    assert.match(verified.stdout, /database-data-rest\.dump/);
  });

  test('is read back whole with VERIFY=download', async () => {
    await scene.succeeds({ JOBS: '3', VERIFY: 'download', COMPRESSION: 'zstd' });
  });

  for (const JOBS of ['1', 'auto']) {
    test(`is one object with JOBS=${JOBS}, as the database is small`, async () => {
      const { result } = await scene.succeeds({ JOBS });
      assert.deepEqual(scene.addedFiles().sort(), ['RESTORE.md', 'SHA256SUMS', 'database.dump', 'manifest.json']);
      assert.equal(manifestOf(result['id']).schemaVersion, 1);
      assert.match(String(result['sha256']), /^[0-9a-f]{64}$/);
    });
  }

  for (const [names, changes] of [
    ['TABLES', { TABLES: 'notes' }],
    ['EXCLUDE_TABLES', { EXCLUDE_TABLES: 'notes' }],
    ['SCHEMAS', { SCHEMAS: 'public' }],
    ['PG_DUMP_ARGS', { PG_DUMP_ARGS: '--inserts' }],
  ] as const) {
    test(`is one object with ${names}, which is told`, async () => {
      const { result } = await scene.succeeds({ JOBS: '3', ...changes });
      assert.ok(scene.addedFiles().includes('database.dump'));
      const warnings = result['warnings'] as string[];
      assert.ok(warnings.includes(`JOBS=3 has no effect with ${names}: the dump is one object`), warnings.join());
    });
  }

  test('leaves out the rows of EXCLUDE_TABLE_DATA', async () => {
    const { result } = await scene.succeeds({ JOBS: '3', EXCLUDE_TABLE_DATA: 'notes' });
    const manifest = manifestOf(result['id']);
    assert.ok(lanesOf(manifest));
    assert.deepEqual(
      manifest.contents.tables.map(({ name }) => name),
      ['customers'],
    );
  });

  test('is made while somebody wants to drop a table that a later lane comes to', async () => {
    const drop = `/usr/lib/postgresql/15/bin/psql -X -q -c "set lock_timeout = '300ms'" -c 'drop table notes' >&2`;
    const { result, run } = await scene.succeeds(except('contents', `${drop} && exit 3`));
    assert.equal(manifestOf(result['id']).contents.tables.find(({ name }) => name === 'notes')?.rows, 5000);
    assert.doesNotMatch(run.stderr, /DROP TABLE/);
  });
});

describe('a dump in lanes fails whole', () => {
  const script = `head -c 7000000 /dev/zero; echo 'pg_dump: error: no more' >&2; exit 1`;
  for (const lane of ['definitions', 'contents', 'rest'] as const) {
    test(`with the pg_dump of the ${lane}, whose words are told`, async () => {
      await scene.fails(except(lane, script), { exitCode: 65, error: /^pg_dump failed with exit code 1: no more$/ });
    });
  }

  test('where one writes nothing', async () => {
    await scene.fails(except('rest', 'exit 0'), { exitCode: 65, error: /empty dump/ });
  });

  test('where one stands still, though the others go on', async () => {
    const changes = { ...except('rest', 'sleep 60'), STALL_TIMEOUT: '2s' };
    await scene.fails(changes, { exitCode: 65, error: /pg_dump has written no byte for 2s/ });
  });

  test('where a name is taken otherwise than it was meant: a table twice', async () => {
    const twice = `for a; do case "$a" in --exclude-table=*) ;; *) set -- "$@" "$a";; esac; shift; done`;
    await scene.fails(except('rest', twice), { exitCode: 65, error: /^table public\.notes is in two lanes/ });
  });

  test('where a name is taken otherwise than it was meant: a table not at all', async () => {
    const none = `for a; do case "$a" in --table=*) set -- "$@" --table=customers;; *) set -- "$@" "$a";; esac; shift; done`;
    await scene.fails(except('contents', none), {
      exitCode: 65,
      error: /^table public\.notes is not in the lane data-01/,
    });
  });

  test('where the store refuses one object', async () => {
    scene.server.fault({
      operation: 'UploadPart',
      when: ({ key }) => key.endsWith('database-data-01.dump'),
      action: { kind: 'answer', status: 403, code: 'AccessDenied' },
    });
    await scene.fails({ JOBS: '3' }, { exitCode: 77, error: /database-data-01\.dump/ });
  });

  test('where the store keeps less of one', async () => {
    scene.server.fault({
      operation: 'HeadObject',
      when: ({ key }) => key.endsWith('database-data-rest.dump'),
      action: { kind: 'answer', status: 404 },
    });
    await scene.fails({ JOBS: '3' }, { exitCode: 76, error: /database-data-rest\.dump is not there/ });
  });

  test('when it is stopped', async () => {
    const run = scene.start(except('rest', 'sleep 60'));
    await until('a lane is stored', () =>
      Promise.resolve([...scene.server.objects().keys()].some((key) => key.endsWith('database-data-01.dump'))),
    );
    run.signal('SIGTERM');
    await scene.assertFailed(await run.ended, { exitCode: 143, error: /^stopped by SIGTERM$/ });
  });
});

test('JOBS is refused with a script', async () => {
  const { exitCode, stderr } = await scene.start({ JOBS: '2', BACKUP_FORMAT: 'plain' }).ended;
  assert.equal(exitCode, 78);
  assert.match(stderr, /JOBS needs archives/);
  assert.deepEqual(scene.addedFiles(), []);
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseManifest } from '../../src/catalog/manifest.ts';
import { parseProof } from '../../src/catalog/proof.ts';
import { runCommand } from '../support/run-command.ts';
import { scratchFolder } from '../support/scratch-server.ts';
import { until } from '../support/until.ts';
import { useScene } from './scene.ts';

const scene = useScene();
const [identity, other] = await Promise.all([runCommand('age-keygen', []), runCommand('age-keygen', [])]);
const recipient = /age1\w+/.exec(identity)?.[0] ?? '';
const drill = { VERIFY: 'drill', AGE_RECIPIENTS: recipient, AGE_IDENTITY: identity.trim() };

/** What the run has stored under this ending. */
function stored(id: unknown, ending: RegExp): string {
  const key = [...scene.server.objects().keys()].find((one) => one.includes(String(id)) && ending.test(one));
  return String(scene.server.objects().get(key ?? '')?.data);
}

test('a backup that was drilled says so, and its proof is beside it', async () => {
  const { result } = await scene.succeeds(drill);
  assert.equal(result['verified'], 'drill');
  const manifest = parseManifest(stored(result['id'], /manifest\.json$/), '');
  assert.equal(manifest.verified, 'drill');
  const proof = parseProof(stored(result['id'], /proof-\w+\.json$/), '');
  assert.deepEqual(
    [proof.outcome, proof.id, proof.artifacts[0]?.sha256, proof.differences],
    ['passed', result['id'], result['sha256'], []],
  );
  assert.ok(
    scene.addedFiles().indexOf('manifest.json') > scene.addedFiles().findIndex((file) => file.startsWith('proof-')),
  );
});

describe('nothing is stored', () => {
  test('by a run whose own check fails', async () => {
    const changes = { ...drill, DRILL_CHECK_SQL: 'SELECT count(*) > 100 FROM customers' };
    await scene.fails(changes, {
      exitCode: 76,
      error: /the drill of shop \d{8}T\w+-\w+ failed: .*DRILL_CHECK_SQL statement 1 \(returned false/,
    });
  });

  test('where the database uses an extension that the scratch server lacks, before anything is dumped', async () => {
    await scene.postgres.psql(
      `CREATE EXTENSION hstore;
       UPDATE pg_extension SET extname = 'no_such_thing' WHERE extname = 'hstore'`,
      'shop',
    );
    try {
      const run = await scene.fails(drill, { exitCode: 65, error: /lacks the extensions no_such_thing$/ });
      assert.doesNotMatch(run.stderr, /backing up/);
    } finally {
      await scene.postgres.psql(`UPDATE pg_extension SET extname = 'hstore' WHERE extname = 'no_such_thing'`, 'shop');
      await scene.postgres.psql('DROP EXTENSION hstore', 'shop');
    }
  });

  test('with a private key of somebody else, before anything is dumped', async () => {
    const run = await scene.fails({ ...drill, AGE_IDENTITY: other.trim() }, { exitCode: 78, error: /AGE_IDENTITY/ });
    assert.doesNotMatch(run.stderr, /backing up/);
  });

  test('by a run that is stopped while it drills', async () => {
    const scratch = scratchFolder();
    const changes = { ...drill, ...scratch.variables, DRILL_CHECK_SQL: 'SELECT true FROM pg_sleep(600)' };
    const run = scene.start(changes);
    await until('the drill runs its check', () => scratch.serving().some((name) => /^postgres: .* SELECT$/.test(name)));
    run.signal('SIGTERM');
    await scene.assertFailed(await run.ended, { exitCode: 143, error: /stopped by SIGTERM/ });
    assert.deepEqual([scratch.left(), scratch.serving()], [[], []]);
  });
});

test('what only a superuser may create is drilled as one where that is asked for, else nothing is stored', async () => {
  await scene.postgres.createDatabase('rich', join(import.meta.dirname, '../fixtures/rich.sql'));
  const changes = { ...drill, DATABASE_URL: scene.postgres.url('rich') };
  const run = await scene.fails(changes, {
    exitCode: 65,
    error: /could not run: only a superuser may create .*OPERATOR CLASS/,
  });
  assert.match(run.stderr, /DRILL_ROLE=superuser/);
  const { result } = await scene.succeeds({ ...changes, DRILL_ROLE: 'superuser' });
  assert.equal(result['verified'], 'drill');
});

test('the doctor finds what a drill lacks', async () => {
  const args = { args: ['doctor'] };
  const good = await scene.start(drill, args).ended;
  assert.match(good.stdout, /^ok +drill: /m);
  const bad = await scene.start({ ...drill, AGE_IDENTITY: other.trim() }, args).ended;
  assert.equal(bad.exitCode, 78, bad.stdout);
  assert.match(bad.stdout, /^FAIL +drill: .*AGE_IDENTITY/m);
});

test('on a server elsewhere it is drilled the same, and nothing is left there', async () => {
  const databases = (): Promise<string> =>
    scene.postgres.psql('SELECT string_agg(datname, $$ $$ ORDER BY 1) FROM pg_database');
  const before_ = await databases();
  const { result } = await scene.succeeds({ ...drill, DRILL_DATABASE_URL: scene.postgres.url('postgres') });
  assert.equal(result['verified'], 'drill');
  assert.equal(await databases(), before_);
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { serializeManifest } from '../../src/catalog/manifest.ts';
import { runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres } from '../support/postgres.ts';
import { backUp, globalsOf, restore, stored } from './globals-scene.ts';

/** Puts more SQL into the globals of a backup; the manifest tells of it where it is rewritten. */
function addTo(place: string, sql: string, rewritten: boolean): void {
  const { folder, manifest } = stored(place);
  const file = join(folder, 'globals.sql');
  appendFileSync(file, sql);
  const bytes = readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const artifacts = manifest.artifacts.map((artifact) =>
    artifact.kind === 'globals' ? { ...artifact, bytes: bytes.length, sha256 } : artifact,
  );
  if (rewritten) writeFileSync(join(folder, 'manifest.json'), serializeManifest({ ...manifest, artifacts }));
}

describe('globals that somebody has changed', () => {
  test('nothing of a script is run where one statement of it is something else', async () => {
    const { place } = await backUp({ COMPRESSION: 'none' });
    const proof = join(temporaryFolder(), 'proof');
    addTo(place, `CREATE ROLE thief SUPERUSER; COPY pg_roles TO PROGRAM 'tee ${proof}';\n\\! touch ${proof}\n`, true);
    await using target = await startPostgres();
    const untouched = await globalsOf(target);
    const run = await restore(place, target.url('shop'), ['--create', '--globals']);
    assert.equal(run.exitCode, 65, run.stdout + run.stderr);
    assert.match(run.stderr, /globals\.sql holds something that is not known of globals; nothing of it was run/);
    assert.equal(await globalsOf(target), untouched);
    assert.equal(await target.psql(`SELECT count(*) FROM pg_database WHERE datname = 'shop'`), '0');
    assert.ok(!existsSync(proof));
  });

  test('other bytes than the manifest records are damage, which verify finds, too', async () => {
    const { place } = await backUp({ COMPRESSION: 'none' });
    const store = { BACKUP_DESTINATION: `file://${place}` };
    const whole = await runEntrypoint(store, { args: ['verify', '--json'] });
    assert.equal(whole.exitCode, 0, whole.stderr);
    assert.match(whole.stdout, /"key":"globals\.sql"/);
    const { artifacts } = stored(place).manifest;
    const listed = JSON.parse((await runEntrypoint(store, { args: ['list', '--json'] })).stdout) as {
      backups: { bytes: number }[];
    };
    assert.equal(
      listed.backups[0]?.bytes,
      artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    addTo(place, 'CREATE ROLE thief;\n', false);
    const run = await runEntrypoint(store, { args: ['verify'] });
    assert.equal(run.exitCode, 76, run.stdout);
    assert.match(run.stdout, /globals\.sql has \d+ bytes, but the manifest records/);
    await using target = await startPostgres();
    const restored = await restore(place, target.url('postgres'), ['--globals-only']);
    assert.equal(restored.exitCode, 76, restored.stderr);
    assert.equal(await target.psql(`SELECT count(*) FROM pg_roles WHERE rolname = 'thief'`), '0');
  });
});

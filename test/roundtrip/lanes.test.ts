import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lanesOf } from '../../src/catalog/lanes.ts';
import { differences } from '../support/compare.ts';
import { startPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';
import { makeKeys } from './keys.ts';
import { assertMatchesManifest, backUp, restoreWell, temporaryFolder } from './round-trip.ts';

/*
 * Backups in lanes, made by ./entrypoint.sh and restored by the commands of their own RESTORE.md.
 */
const server = await startPostgres({ conf: ['wal_level = logical'] });
after(() => server.stop());
const s3 = await useS3();
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const keys = await makeKeys(folder.path);
after(() => keys.end());

await server.createDatabase('rich', join(import.meta.dirname, '../fixtures/rich.sql'));
/** See forms.test.ts. */
const expected = [
  'WARNING:  tables were not subscribed',
  'ERROR:  could not connect to server "rich_elsewhere"',
  'DETAIL:  connection to server at "127.0.0.1", port 1 failed',
  'Is the server running on that host',
];

type Key = keyof typeof keys.kinds;
const forms: readonly (readonly [
  jobs: number,
  compression: 'zstd' | 'gzip' | 'none',
  Key,
  store: 's3' | 'directory',
])[] = [
  [2, 'zstd', 'none', 'directory'],
  [4, 'zstd', 'age', 's3'],
  [16, 'gzip', 'gpg passphrase', 's3'],
  [3, 'none', 'gpg', 'directory'],
  [5, 'none', 'none', 's3'],
];

for (const [index, [jobs, compression, key, store]] of forms.entries()) {
  void test(`JOBS=${String(jobs)}, compressed with ${compression}, encrypted with ${key}, in ${store === 's3' ? 'a bucket' : 'a directory'} comes back whole`, async () => {
    const place = join(folder.path, `store-${String(index)}`);
    const destination = store === 's3' ? s3.env(await s3.createBucket()) : { BACKUP_DESTINATION: `file://${place}` };
    if (store === 'directory') await mkdir(place);
    const { encrypt, decrypt } = keys.kinds[key];
    const backup = await backUp(
      { DATABASE_URL: server.url('rich'), JOBS: String(jobs), COMPRESSION: compression, ...destination, ...encrypt },
      s3,
    );
    const lanes = lanesOf(backup.manifest);
    assert.equal(backup.manifest.schemaVersion, 3);
    assert.equal(lanes?.data.length, jobs);
    const target = `restored_${String(index)}`;
    const login: Record<string, string> =
      store === 's3' ? { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey } : {};
    await restoreWell(server, target, backup.guide, { variables: { ...decrypt, ...login }, expected });
    assert.deepEqual(await differences(server, 'rich', target, 'without owners'), { lost: [], added: [] });
    await assertMatchesManifest(server, target, backup.manifest);
    if (index !== 0) return;
    // What the guide says to do for owners and grants.
    const edit = (commands: string) => commands.replace('--no-owner --no-privileges ', '');
    await restoreWell(server, 'with_owners', backup.guide, { variables: decrypt, edit, expected });
    assert.deepEqual(await differences(server, 'rich', 'with_owners', 'with owners'), { lost: [], added: [] });
  });
}

void test('a LATIN1 database comes back with names that a command line cannot hold', async () => {
  await server.psql(`create database latin template template0 encoding 'LATIN1' locale 'C'`);
  await server.psql(
    `create table "tablé" as select 'größe' || n as x from generate_series(1, 2000) n;
     create table plain as select n from generate_series(1, 1000) n; create table "odd.""*$" as select 1 as n`,
    'latin',
  );
  const place = join(folder.path, 'latin');
  await mkdir(place);
  const backup = await backUp({
    DATABASE_URL: server.url('latin'),
    BACKUP_DESTINATION: `file://${place}`,
    JOBS: '3',
  });
  assert.ok(lanesOf(backup.manifest));
  await restoreWell(server, 'latin_restored', backup.guide, { variables: {} });
  await assertMatchesManifest(server, 'latin_restored', backup.manifest);
  assert.equal(await server.psql('select count(*) from "tablé"', 'latin_restored'), '2000');
});

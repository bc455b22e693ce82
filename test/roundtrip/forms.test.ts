import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { differences } from '../support/compare.ts';
import { startPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';
import { makeKeys } from './keys.ts';
import { assertMatchesManifest, backUp, restoreWell, temporaryFolder } from './round-trip.ts';

/*
 * Every form of a backup, made by ./entrypoint.sh and restored by the commands of its own RESTORE.md: each format,
 * compression, encryption and store at least once, and each encryption with both formats.
 */
const server = await startPostgres({ conf: ['wal_level = logical'] });
after(() => server.stop());
const s3 = await useS3();
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const keys = await makeKeys(folder.path);
after(() => keys.end());

await server.createDatabase('rich', join(import.meta.dirname, '../fixtures/rich.sql'));
/** It has a subscription and a partition on a server that does not exist: nothing to subscribe to, or to analyze. */
const expected = [
  'WARNING:  tables were not subscribed',
  'ERROR:  could not connect to server "rich_elsewhere"',
  'DETAIL:  connection to server at "127.0.0.1", port 1 failed',
  'Is the server running on that host',
];

type Store = 's3' | 'directory';
type Key = keyof typeof keys.kinds;
const forms: readonly (readonly [format: 'custom' | 'plain', compression: 'zstd' | 'gzip' | 'none', Key, Store])[] = [
  ['custom', 'zstd', 'none', 'directory'],
  ['custom', 'zstd', 'age', 's3'],
  ['custom', 'zstd', 'gpg passphrase', 's3'],
  ['custom', 'gzip', 'age with an SSH key', 'directory'],
  ['custom', 'gzip', 'none', 's3'],
  ['custom', 'none', 'gpg', 'directory'],
  ['custom', 'none', 'none', 's3'],
  ['plain', 'zstd', 'age for two', 's3'],
  ['plain', 'zstd', 'gpg', 's3'],
  ['plain', 'gzip', 'gpg passphrase', 'directory'],
  ['plain', 'gzip', 'age with an RSA key', 's3'],
  ['plain', 'none', 'age', 'directory'],
  ['plain', 'none', 'none', 'directory'],
];

for (const [index, [format, compression, key, store]] of forms.entries()) {
  void test(`${format}, compressed with ${compression}, encrypted with ${key}, in ${store === 's3' ? 'a bucket' : 'a directory'} comes back whole`, async () => {
    const place = join(folder.path, `store-${String(index)}`);
    const destination = store === 's3' ? s3.env(await s3.createBucket()) : { BACKUP_DESTINATION: `file://${place}` };
    if (store === 'directory') await mkdir(place);
    const { encrypt, decrypt } = keys.kinds[key];
    const backup = await backUp(
      { DATABASE_URL: server.url('rich'), BACKUP_FORMAT: format, COMPRESSION: compression, ...destination, ...encrypt },
      s3,
    );
    const target = `restored_${String(index)}`;
    const login = store === 's3' ? awsVariables() : {};
    await restoreWell(server, target, backup.guide, { variables: { ...decrypt, ...login }, expected });

    const ownership = format === 'plain' ? 'with owners' : 'without owners';
    assert.deepEqual(await differences(server, 'rich', target, ownership), { lost: [], added: [] });
    await assertMatchesManifest(server, target, backup.manifest);
    if (format === 'custom' && index === 0) {
      // What the guide says to do for owners and grants.
      const edit = (commands: string) => commands.replace('--no-owner --no-privileges ', '');
      await restoreWell(server, 'with_owners', backup.guide, { variables: decrypt, edit, expected });
      assert.deepEqual(await differences(server, 'rich', 'with_owners', 'with owners'), { lost: [], added: [] });
    }
  });
}

function awsVariables(): Record<string, string> {
  return { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };
}

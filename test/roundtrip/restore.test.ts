import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { differences } from '../support/compare.ts';
import { runEntrypoint } from '../support/entrypoint.ts';
import { startPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { makeKeys } from './keys.ts';
import { backUp, temporaryFolder } from './round-trip.ts';

/* Every form of a backup comes back whole by the restore command: each format with each compression and encryption. */
const server = await startPostgres({ conf: ['wal_level = logical'] });
after(() => server.stop());
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const keys = await makeKeys(folder.path);
after(() => keys.end());
await server.createDatabase('rich', join(import.meta.dirname, '../fixtures/rich.sql'));

const gpgArgs = ['--homedir', keys.kinds.gpg.decrypt.GNUPGHOME, '--batch', '--armor', '--export-secret-keys'];
const GPG_PRIVATE_KEY = await runCommand('gpg', gpgArgs);
const forms = [
  ['custom', 'zstd', 'none', '3'],
  ['custom', 'gzip', 'gpg passphrase', '2'],
  ['custom', 'gzip', 'age'],
  ['custom', 'none', 'gpg passphrase'],
  ['custom', 'zstd', 'gpg'],
  ['plain', 'zstd', 'age with an SSH key'],
  ['plain', 'gzip', 'gpg'],
  ['plain', 'none', 'none'],
  ['plain', 'zstd', 'gpg passphrase'],
] as const;

for (const [index, [format, compression, key, jobs = '1']] of forms.entries()) {
  void test(`${format}, compressed with ${compression}, encrypted with ${key}, is restored whole by ${jobs}`, async () => {
    const place = join(folder.path, `store-${String(index)}`);
    await mkdir(place);
    const { encrypt, decrypt } = keys.kinds[key];
    const store = { BACKUP_DESTINATION: `file://${place}` };
    const form = { BACKUP_FORMAT: format, COMPRESSION: compression };
    await backUp({ DATABASE_URL: server.url('rich'), ...form, ...store, ...encrypt });
    const target = `target_${String(index)}`;
    await server.psql(`CREATE DATABASE ${target} TEMPLATE template0 ENCODING 'UTF8'`);
    const variables = key === 'gpg' ? { GPG_PRIVATE_KEY } : decrypt;
    const run = await runEntrypoint(
      { TARGET_DATABASE_URL: server.url(target), RESTORE_JOBS: jobs, ...store, ...variables },
      { args: ['restore', 'latest'] },
    );
    assert.equal(run.exitCode, 0, run.stdout.replaceAll(/^.* same\n/gm, '') + run.stderr);
    assert.deepEqual(run.leftBehind, []);
    const ownership = format === 'plain' ? 'with owners' : 'without owners';
    assert.deepEqual(await differences(server, 'rich', target, ownership), { lost: [], added: [] });
  });
}

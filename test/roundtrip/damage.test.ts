import assert from 'node:assert/strict';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../support/postgres.ts';
import { makeKeys } from './keys.ts';
import { backUp, restoreInto, restoreWell, type StoredBackup, temporaryFolder } from './round-trip.ts';

/* What becomes of a file that was damaged where it is kept. */
const server = await startPostgres();
after(() => server.stop());
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const keys = await makeKeys(folder.path);
after(() => keys.end());
await server.createDatabase('source', join(import.meta.dirname, 'sample.sql'));
let runs = 0;

async function backUpHere(format: string, key: keyof typeof keys.kinds): Promise<StoredBackup & { file: string }> {
  const place = join(folder.path, `store-${String((runs += 1))}`);
  await mkdir(place);
  const destination = { BACKUP_DESTINATION: `file://${place}`, BACKUP_FORMAT: format };
  const backup = await backUp({ DATABASE_URL: server.url('source'), ...destination, ...keys.kinds[key].encrypt });
  return { ...backup, file: join(fileURLToPath(backup.location), backup.manifest.artifacts[0]?.key ?? '') };
}

async function isEmpty(database: string): Promise<boolean> {
  const user = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";
  const from = 'pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace';
  return (await server.psql(`SELECT count(*) FROM ${from} WHERE ${user}`, database)) === '0';
}

const damages = {
  'one byte flipped at the beginning': (file: string) => flip(file, () => 60),
  'one byte flipped in the middle': (file: string) => flip(file, (length) => Math.floor(length / 2)),
  'one byte flipped at the end': (file: string) => flip(file, (length) => length - 1),
  'its last byte cut off': async (file: string) => cut(file, (length) => length - 1),
  'its second half cut off': async (file: string) => cut(file, (length) => Math.floor(length / 2)),
  'nothing left of it': async (file: string) => cut(file, () => 0),
};

async function flip(file: string, where: (length: number) => number): Promise<void> {
  const bytes = await readFile(file);
  const at = where(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  await writeFile(file, bytes);
}

async function cut(file: string, to: (length: number) => number): Promise<void> {
  await truncate(file, to((await readFile(file)).length));
}

const forms = [
  ['custom', 'none'],
  ['custom', 'age'],
  ['custom', 'gpg passphrase'],
  ['plain', 'none'],
  ['plain', 'age'],
] as const;

for (const [format, key] of forms) {
  void test(`damage to a ${format} dump, encrypted with ${key}, is found before anything is restored`, async (t) => {
    const backup = await backUpHere(format, key);
    const whole = await readFile(backup.file);
    for (const [what, damage] of Object.entries(damages)) {
      await t.test(`with ${what}`, async () => {
        await writeFile(backup.file, whole);
        await damage(backup.file);
        const variables = keys.kinds[key].decrypt;
        for (const flags of [['-e'], []]) {
          const target = `checked_${String((runs += 1))}`;
          const outcome = await restoreInto(server, target, backup.guide, { variables, flags });
          assert.match(outcome.stdout, /: FAILED$/m);
          assert.ok(await isEmpty(target), 'the database is as it was');
          if (flags.includes('-e')) assert.equal(outcome.exitCode, 1);
        }
        // Somebody who leaves the check out is told all the same: the formats have checksums of their own. They come too
        // late only where nothing but gpg's own, at the very end, is damaged: what it signs is whole and has been read.
        const edit = (commands: string) => commands.replace(/^ *sha256sum .*$/m, '');
        const target = `unchecked_${String((runs += 1))}`;
        const outcome = await restoreInto(server, target, backup.guide, { variables, edit });
        assert.notEqual(outcome.exitCode, 0);
        if (key !== 'gpg passphrase' || !what.includes('end')) assert.ok(await isEmpty(target), outcome.stderr);
      });
    }
    await writeFile(backup.file, whole);
    await restoreWell(server, `whole_${String((runs += 1))}`, backup.guide, { variables: keys.kinds[key].decrypt });
  });
}

void test('a variable that is not set, a wrong key and a database that is not empty leave everything as it was', async (t) => {
  const backup = await backUpHere('custom', 'age');
  await t.test('no PGDATABASE: not into the database named like the user', async () => {
    const variables = { ...keys.kinds.age.decrypt, PGDATABASE: '' };
    const outcome = await restoreInto(server, 'unused', backup.guide, { variables });
    assert.notEqual(outcome.exitCode, 0);
    assert.match(outcome.stderr, /PGDATABASE: is not set/);
    assert.ok(await isEmpty('postgres'));
  });
  await t.test('no key', async () => {
    const outcome = await restoreInto(server, 'no_key', backup.guide, { variables: {} });
    assert.notEqual(outcome.exitCode, 0);
    assert.match(outcome.stderr, /AGE_IDENTITY_FILE: is not set/);
  });
  await t.test('the key of somebody else', async () => {
    const variables = keys.kinds['age with an SSH key'].decrypt;
    const outcome = await restoreInto(server, 'wrong_key', backup.guide, { variables });
    assert.notEqual(outcome.exitCode, 0);
    assert.match(outcome.stderr, /no identity matched/);
    assert.ok(await isEmpty('wrong_key'));
  });
  await t.test('a database that has one of the tables already', async () => {
    const edit = (commands: string) => `psql -qc 'CREATE TABLE customers (mine int)'\n${commands}`;
    const outcome = await restoreInto(server, 'not_empty', backup.guide, { variables: keys.kinds.age.decrypt, edit });
    assert.notEqual(outcome.exitCode, 0);
    assert.equal(await server.psql('SELECT count(*) FROM pg_class WHERE relnamespace = 2200', 'not_empty'), '1');
  });
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startPostgres } from '../support/postgres.ts';
import { assertMatchesManifest, backUp, restoreWell, temporaryFolder } from './round-trip.ts';

const server = await startPostgres();
after(() => server.stop());
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());

/** A byte that the encoding gives no meaning to, but a server keeps. */
const meaningless: readonly (readonly [encoding: string, byte: string])[] = [
  ['WIN1252', '201'],
  ['WIN1253', '252'],
  ['SQL_ASCII', '377'],
];

for (const [encoding, byte] of meaningless) {
  void test(`a ${encoding} database with bytes that mean nothing in it comes back byte by byte`, async () => {
    const name = encoding.toLowerCase();
    await server.psql(`create database ${name} template template0 encoding '${encoding}' locale 'C'`);
    await server.psql(`set client_encoding = '${encoding}'; create table t as select E'a\\${byte}b'::text as x`, name);
    const backup = await backUp({
      DATABASE_URL: server.url(name),
      BACKUP_DESTINATION: pathToFileURL(join(folder.path, name)).href,
    });
    const target = `${name}_restored`;
    await restoreWell(server, target, backup.guide, { variables: {} });
    await assertMatchesManifest(server, target, backup.manifest);
    const bytes = `set client_encoding = '${encoding}'; select encode(convert_to(x, '${encoding}'), 'hex') from t`;
    const hex = Number.parseInt(byte, 8).toString(16);
    assert.match(await server.psql(bytes, target), new RegExp(`61${hex}62`));
  });
}

void test('a LATIN1 database comes back in UTF8, with its names', async () => {
  await server.psql(`create database latin template template0 encoding 'LATIN1' locale 'C'`);
  await server.psql(`create table "tablé" as select 'größe' as x`, 'latin');
  const backup = await backUp({
    DATABASE_URL: server.url('latin'),
    BACKUP_DESTINATION: pathToFileURL(join(folder.path, 'latin')).href,
  });
  await restoreWell(server, 'latin_restored', backup.guide, { variables: {} });
  await assertMatchesManifest(server, 'latin_restored', backup.manifest);
  assert.equal(await server.psql('select x from "tablé"', 'latin_restored'), 'größe');
});

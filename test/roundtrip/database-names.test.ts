import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readFile } from 'node:fs/promises';
import { parseManifest } from '../../src/catalog/manifest.ts';
import { differences } from '../support/compare.ts';
import { startEntrypoint } from '../support/entrypoint.ts';
import { startPostgres } from '../support/postgres.ts';
import { guideBlocks } from '../support/restore-by-guide.ts';
import { assertMatchesManifest, restoreWell, temporaryFolder } from './round-trip.ts';

/* Every database of a server in one run, whatever it is named, and each back by its guide and by our own command. */
const server = await startPostgres();
after(() => server.stop());
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const sample = join(import.meta.dirname, 'sample.sql');
const store = join(folder.path, 'store');

const names: readonly string[] = [
  `it's "quoted", twice`,
  ' spaces  around ',
  'two\nlines',
  'größe-日本-🐘',
  ';$(touch pwned)`touch pwned`',
  '100%25 %s %2F',
  '.hidden',
  '..',
  '-rf',
  '--help',
  'n'.repeat(63),
  '象'.repeat(21),
  '../up',
  'dbname=postgres host=192.0.2.1',
  'postgresql://192.0.2.1/x',
  '*',
  'SHOP',
  'shop',
];

interface Stored {
  readonly database: string;
  readonly id: string;
  readonly location: string;
  readonly outcome: string;
}

describe('fault 75: databases of any name', () => {
  let backups: readonly Stored[] = [];
  before(async () => {
    await mkdir(store);
    for (const name of names) await server.createDatabase(name, sample);
    const run = await startEntrypoint({
      DATABASE_URL: server.url(),
      DATABASES: '*',
      EXCLUDE_DATABASES: 'postgres',
      BACKUP_DESTINATION: pathToFileURL(store).href,
    }).ended;
    assert.equal(run.exitCode, 0, run.stderr);
    backups = (JSON.parse(run.stdout) as { databases: Stored[] }).databases;
  });

  test('are all found by *', () => {
    assert.deepEqual(new Set(backups.map(({ database }) => database)), new Set(names));
  });

  test('can be named one by one', async () => {
    const DATABASES = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
    const destination = join(folder.path, 'named');
    await mkdir(destination);
    const BACKUP_DESTINATION = pathToFileURL(destination).href;
    const env = { DATABASE_URL: server.url(), DATABASES, DATABASE_CONCURRENCY: '3', BACKUP_DESTINATION };
    const run = await startEntrypoint(env).ended;
    assert.equal(run.exitCode, 0, run.stderr);
    const { databases } = JSON.parse(run.stdout) as { databases: Stored[] };
    assert.deepEqual(
      databases.map(({ database }) => database),
      names,
    );
  });

  for (const [index, name] of names.entries()) {
    test(`${JSON.stringify(name)} comes back by its guide and by restore --database`, async () => {
      const backup = backups.find(({ database }) => database === name);
      assert.ok(backup);
      const files = fileURLToPath(backup.location);
      const guide = await readFile(join(files, 'RESTORE.md'), 'utf8');
      const manifest = parseManifest(await readFile(join(files, 'manifest.json'), 'utf8'), backup.location);
      assert.equal(manifest.database, name);
      assert.ok(guideBlocks(guide).length >= 3);
      const byGuide = `guide ${index} ${name}`.slice(0, 20);
      await restoreWell(server, byGuide, guide, { variables: {} });
      assert.deepEqual(await differences(server, name, byGuide, 'without owners'), { lost: [], added: [] });
      await assertMatchesManifest(server, byGuide, manifest);

      const byCommand = `command ${index}`;
      const run = await startEntrypoint(
        {
          BACKUP_DESTINATION: pathToFileURL(store).href,
          TARGET_DATABASE_URL: server.url(byCommand),
          DATABASE_URL: server.url(),
          DATABASES: '*',
        },
        { args: ['restore', 'latest', `--database=${name}`, '--create'] },
      ).ended;
      assert.equal(run.exitCode, 0, run.stderr);
      assert.deepEqual(await differences(server, name, byCommand, 'without owners'), { lost: [], added: [] });
    });
  }

  test('a database that is backed up is no target', async () => {
    const run = await startEntrypoint(
      {
        BACKUP_DESTINATION: pathToFileURL(store).href,
        TARGET_DATABASE_URL: server.url('shop'),
        DATABASE_URL: server.url(),
        DATABASES: '*',
      },
      { args: ['restore', 'latest', '--database=shop', '--clean', '--confirm=shop'] },
    ).ended;
    assert.equal(run.exitCode, 73, run.stderr);
    assert.match(run.stderr, /is the database that is backed up/);
  });
});

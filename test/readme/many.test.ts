import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { dockerLines } from './docker-lines.ts';
import { block } from './text.ts';

/* What the README says of many databases and of large ones, run as it stands. */
let server: TestPostgres;
before(async () => {
  server = await startPostgres();
  await server.createDatabase('shop', join(import.meta.dirname, '../fixtures/shop.sql'));
  for (const name of ['crm', 'test_load']) await server.createDatabase(name);
});
after(() => server.stop('immediate'));

/** Runs each line of a block with a store of its own; resolves to the databases in it and what was printed. */
async function runLines(holding: string, changes: Record<string, string> = {}): Promise<[string[], string][]> {
  const root = temporaryFolder();
  const env = { DATABASE_URL: server.url('shop'), BACKUP_DESTINATION: `file://${root}`, ...changes };
  const done: [string[], string][] = [];
  for (const { args, variables } of await dockerLines(block('sh', holding))) {
    const { exitCode, stdout, stderr } = await runEntrypoint({ ...env, ...variables }, { args });
    assert.equal(exitCode, 0, stderr);
    done.push([readdirSync(root).sort(), stdout]);
  }
  return done;
}

test('several databases are backed up by name, and all but some', async () => {
  const [named, all] = await runLines('-e DATABASES=');
  assert.deepEqual(named?.[0], ['crm', 'shop']);
  assert.deepEqual(all?.[0], ['crm', 'postgres', 'shop']);
});

test('a large database is backed up in lanes and restored from them', async () => {
  const [made, restored] = await runLines('-e JOBS=4', { TARGET_DATABASE_URL: server.url('shop_restored') });
  const { location } = JSON.parse(made?.[1] ?? '') as { location: string };
  const files = readdirSync(location.replace('file://', ''));
  assert.ok(files.includes('database-schema.dump.zst') && files.includes('database-data-rest.dump.zst'), files.join());
  assert.match(restored?.[1] ?? '', /no difference/);
  const rows = 'SELECT count(*) FROM orders';
  assert.equal(await server.psql(rows, 'shop_restored'), await server.psql(rows, 'shop'));
});

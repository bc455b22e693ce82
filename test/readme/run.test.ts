import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { onlyLine } from '../backup/scene.ts';
import { backUp } from '../roundtrip/round-trip.ts';
import { runEntrypoint } from '../support/entrypoint.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { useS3 } from '../support/s3.ts';
import { block, phrase, swap } from './text.ts';

/*
 * What the README says of a run, held against a run with the README's own role: its SQL, result line, bucket listing
 * and failure.
 */
const s3 = await useS3();
const shop = join(import.meta.dirname, '../fixtures/shop.sql');
const login = { user: 'backup', password: 'secret' };
let server: TestPostgres;
before(async () => {
  server = await startPostgres({ password: 'the superuser’s' });
  await server.createDatabase('shop', shop);
  await server.psql(block('sql', 'CREATE ROLE'), 'shop');
});
after(() => server.stop('immediate'));

/** The variables of a run into a new bucket, with a prefix like the README's. */
async function variables(changes: Record<string, string> = {}): Promise<Record<string, string>> {
  const { S3_BUCKET: _, ...address } = s3.env('');
  const bucket = await s3.createBucket();
  const BACKUP_DESTINATION = `s3://${bucket}/production`;
  return {
    ...address,
    DATABASE_URL: server.url('shop', login),
    BACKUP_DESTINATION,
    BACKUP_ATTEMPTS: '1',
    ...changes,
  };
}

test('the role of the SQL block reads all that the superuser reads', async () => {
  const own = await backUp(await variables({ ROW_COUNTS: 'exact' }), s3);
  const all = await backUp(await variables({ ROW_COUNTS: 'exact', DATABASE_URL: server.url('shop') }), s3);
  assert.deepEqual(own.manifest.contents, all.manifest.contents);
  assert.ok(own.manifest.contents.tables.length > 5);
});

test('row-level security is refused until the role may bypass it', async () => {
  await server.createDatabase('tenants');
  await server.psql('CREATE TABLE notes AS SELECT 1 AS id; ALTER TABLE notes ENABLE ROW LEVEL SECURITY', 'tenants');
  const env = await variables({ DATABASE_URL: server.url('tenants', login) });
  const refused = await runEntrypoint(env);
  assert.equal(refused.exitCode, 65, refused.stderr);
  assert.match(refused.stderr, /row-level security.*BYPASSRLS/s);
  await server.psql(phrase(/`(ALTER ROLE backup BYPASSRLS)`/));
  assert.equal((await backUp(env, s3)).manifest.contents.tables[0]?.rows, 1);
});

test('large objects are refused until the role may read them', async () => {
  await server.createDatabase('album');
  await server.psql(`SELECT lo_from_bytea(0, 'a picture')`, 'album');
  const env = await variables({ DATABASE_URL: server.url('album', login) });
  const refused = await runEntrypoint(env);
  assert.equal(refused.exitCode, 65, refused.stderr);
  assert.match(refused.stderr, /large object \d+\nHINT: .*lo_compat_privileges/);
  const examined = await runEntrypoint(env, { args: ['doctor'] });
  assert.equal(examined.exitCode, 65, examined.stdout);
  assert.match(examined.stdout, /^FAIL .* large object \d+\n +ALTER ROLE "backup" SET lo_compat_privileges = on;/m);
  await server.psql(phrase(/`(ALTER ROLE backup SET lo_compat_privileges = on)`/));
  assert.equal((await runEntrypoint(env, { args: ['doctor'] })).exitCode, 0);
  assert.equal((await backUp(env, s3)).manifest.contents.objects?.['largeObjects'], 1);
});

test('the failure is told in these words', async () => {
  await server.createDatabase('books');
  await server.psql(
    `CREATE TABLE invoices (id int); CREATE ROLE clerk LOGIN PASSWORD 'secret'; REVOKE SELECT ON invoices FROM clerk`,
    'books',
  );
  const run = await runEntrypoint(await variables({ DATABASE_URL: server.url('books', { ...login, user: 'clerk' }) }));
  assert.equal(run.exitCode, 65, run.stderr);
  const told = run.stderr.slice(run.stderr.indexOf('ERROR:'));
  assert.equal(told, block('text', 'permission denied'));
});

test('an encrypted run prints this line and stores these files', async () => {
  const keys = await runCommand('age-keygen', []);
  const env = await variables({ AGE_RECIPIENTS: /age1\w+/.exec(keys)?.[0] ?? '' });
  const run = await runEntrypoint(env);
  assert.equal(run.exitCode, 0, run.stderr);

  const result = onlyLine(run.stdout);
  const example = JSON.parse(block('json', 'outcome')) as Record<string, unknown>;
  assert.deepEqual(shape(result), shape(example));
  const address = (line: Record<string, unknown>) => String(line['location']).replace(String(line['id']), 'ID');
  assert.equal(
    swap(address(example), { 's3://acme-backups/production': env['BACKUP_DESTINATION'] ?? '' }),
    address(result),
  );

  const [folderLine = '', ...lines] = block('text', 'SHA256SUMS').trimEnd().split('\n');
  assert.ok(String(example['location']).endsWith(folderLine.replace(/^production|\/$/g, '')), folderLine);
  const keysStored = (await s3.objects(env['BACKUP_DESTINATION']?.split('/')[2] ?? '')).map(({ key }) => key);
  assert.deepEqual(
    new Set(lines.map((line) => line.trim().split(' ')[0])),
    new Set(keysStored.map((key) => basename(key))),
  );
  assert.equal(keysStored.length, lines.length);
});

/** The keys in their order, each with the kind of its value. */
function shape(line: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(line).map(([key, value]) => [key, Array.isArray(value) ? 'list' : typeof value]);
}

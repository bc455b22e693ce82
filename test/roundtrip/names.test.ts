import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { differences } from '../support/compare.ts';
import { startPostgres } from '../support/postgres.ts';
import { guideBlocks } from '../support/restore-by-guide.ts';
import { useS3 } from '../support/s3.ts';
import { assertMatchesManifest, backUp, restoreWell, temporaryFolder } from './round-trip.ts';

/* Names that a shell, a URL, a key, libpq or a page of Markdown could take for something else. */
const server = await startPostgres();
after(() => server.stop());
const s3 = await useS3();
const folder = await temporaryFolder();
after(() => folder[Symbol.asyncDispose]());
const sample = join(import.meta.dirname, 'sample.sql');
const login = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey };

const names: readonly (readonly [what: string, database: string, target: string, prefix: string | undefined])[] = [
  ['an equals sign', 'a=b', 'c=d', 'plain/prefix'],
  ['a connection string', 'dbname=postgres', 'dbname=template1', undefined],
  ['a connection URL', 'postgresql://nobody@192.0.2.1/x', 'postgresql:///y', 'prefix with spaces'],
  ['quotes', `it's "quoted"`, `that's "too"`, `it's "quoted"`],
  ['spaces', ' two  words ', ' and a target ', 'übergrößen/日本語'],
  ['unicode', 'größe-日本-🐘', 'ziel-日本', 'a=b/c&d+e'],
  ['a command substitution', ';$(touch pwned)`touch pwned`', '$(touch pwned)', '$(touch pwned);`x`'],
  ['percent signs', '100%25', '%41', '100%25 %2F'],
  ['slashes and dots', '../../etc/passwd', './..', undefined],
  ['line breaks', 'a\nb', 'c\nd', undefined],
  ['a block of commands', 'x\n```sh\ntouch pwned\n```\n', 'y\n```', 'ends/with/slash/'],
];

for (const [index, [what, database, target, prefix]] of names.entries()) {
  void test(`a database whose name has ${what} comes back whole`, async () => {
    await server.createDatabase(database, sample);
    // Every other one into a directory whose name is as odd.
    const place = join(folder.path, prefix ?? `store-${String(index)}`);
    const inBucket = index % 2 === 0;
    if (!inBucket) await mkdir(place, { recursive: true });
    const destination: Record<string, string> = inBucket
      ? { ...s3.env(await s3.createBucket()), S3_PREFIX: prefix ?? '' }
      : { BACKUP_DESTINATION: pathToFileURL(place).href };
    // White space round a variable is dropped; a URL can hold such a name.
    const { PGHOST = '', PGPORT = '', PGUSER = '' } = server.env;
    const source: Record<string, string> =
      database === database.trim()
        ? { PGHOST, PGPORT, PGUSER, PGDATABASE: database }
        : { DATABASE_URL: server.url(database) };
    const backup = await backUp({ ...source, ...destination }, s3);

    assert.equal(backup.manifest.database, database);
    assert.equal(guideBlocks(backup.guide).length, 3, 'the name adds no commands to the guide');
    await restoreWell(server, target, backup.guide, { variables: inBucket ? login : {} });
    assert.deepEqual(await differences(server, database, target, 'without owners'), { lost: [], added: [] });
    await assertMatchesManifest(server, target, backup.manifest);
  });
}

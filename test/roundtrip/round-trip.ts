import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dumpOf, type Manifest, parseManifest } from '../../src/catalog/manifest.ts';
import { countContents } from '../support/compare.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { type GuideOptions, type GuideOutcome, runGuide } from '../support/restore-by-guide.ts';
import { runCommand } from '../support/run-command.ts';
import type { TestS3 } from '../support/s3.ts';

/** A complete backup with what a test wants to know about it. */
export interface StoredBackup {
  readonly location: string;
  readonly guide: string;
  readonly manifest: Manifest;
}

/** A temporary folder, removed when it goes out of scope. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'pg-offsite-roundtrip-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Runs ./entrypoint.sh, expects success, and reads RESTORE.md and the manifest from the store. */
export async function backUp(env: Record<string, string>, s3?: TestS3): Promise<StoredBackup> {
  const script = join(import.meta.dirname, '../../entrypoint.sh');
  const stdout = await runCommand(script, [], { env: { PATH: process.env['PATH'], ...env } });
  const { location } = JSON.parse(stdout) as { location: string };
  const read = async (name: string): Promise<string> => {
    if (location.startsWith('file:')) return readFile(join(fileURLToPath(location), name), 'utf8');
    const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/su.exec(`${location}/${name}`) ?? [];
    assert.ok(s3);
    return Buffer.from(await s3.read(bucket, key)).toString();
  };
  const manifest = parseManifest(await read('manifest.json'), location);
  return { location, guide: await read('RESTORE.md'), manifest };
}

/** Creates an empty database as a guide says and runs the guide into it. The variables are the ones that the guide says to set. */
export async function restoreInto(
  server: TestPostgres,
  database: string,
  guide: string,
  options: Omit<GuideOptions, 'folder'>,
): Promise<GuideOutcome> {
  const create = /`createdb (.*) NAME`/.exec(guide)?.[1]?.split(' ');
  assert.ok(create, 'the guide says how to make the database');
  await runCommand(join(server.binDir, 'createdb'), [...create, '--', database], { env: server.env });
  await using folder = await temporaryFolder();
  const variables = { ...server.env, PGDATABASE: database, ...options.variables };
  return await runGuide(guide, { ...options, folder: folder.path, variables });
}

/**
 * The same, and expects that it went well: nothing on stderr but lines with one of the `expected` texts, such as warnings
 * about what the source has too.
 */
export async function restoreWell(
  server: TestPostgres,
  database: string,
  guide: string,
  { expected = [], ...options }: Omit<GuideOptions, 'folder'> & { readonly expected?: readonly string[] },
): Promise<void> {
  const outcome = await restoreInto(server, database, guide, options);
  assert.equal(outcome.exitCode, 0, outcome.stderr);
  assert.match(outcome.stdout, /: OK$/m);
  assert.match(outcome.stdout, /^same \S/m);
  assert.doesNotMatch(outcome.stdout, /^DIFFERENT/m);
  const lines = outcome.stderr.split('\n').filter((line) => !expected.some((text) => line.includes(text)));
  assert.equal(lines.join('\n'), '', 'a restore that went well says nothing');
}

/**
 * Expects that a database holds what a manifest says, table by table and kind by kind; but no default privileges of a
 * custom dump, which the guide restores without privileges.
 */
export async function assertMatchesManifest(server: TestPostgres, database: string, manifest: Manifest): Promise<void> {
  const { tables } = manifest.contents;
  const withoutPrivileges = dumpOf(manifest).format === 'custom';
  const objects = { ...manifest.contents.objects, ...(withoutPrivileges && { defaultPrivileges: 0 }) };
  assert.ok(
    tables.every(({ exact }) => exact),
    'every table is counted exactly',
  );
  const counted = await countContents(server, database, tables);
  assert.deepEqual(
    counted.rows,
    Object.fromEntries(tables.map(({ schema, name, rows }) => [`${schema}.${name}`, rows])),
  );
  assert.deepEqual(counted.objects, objects);
}

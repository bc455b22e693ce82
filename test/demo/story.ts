import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import prettyBytes from 'pretty-bytes';
import { type Manifest, parseManifest } from '../../src/catalog/manifest.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { guideBlocks, runGuide } from '../support/restore-by-guide.ts';
import { runCommand } from '../support/run-command.ts';
import { startS3Server, type S3Server } from '../support/s3-server.ts';
import { listBucket, readFromBucket } from './bucket.ts';
import { type Fingerprints, takeFingerprints } from './fingerprints.ts';
import { command, number, quote, say, seconds, step, styled, table } from './page.ts';
import { ownDatabase, picture } from './picture.ts';

/** What a story needs from the edge. */
export interface Stage {
  /** A folder for everything; its owner removes it. */
  readonly folder: string;
  /** Gets everything that must be ended. */
  readonly resources: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

const root = join(import.meta.dirname, '../..');

/** Tells the whole story, in six steps and a picture. Resolves to whether all that came back was equal. */
export async function tellStory({ folder, resources, signal }: Stage): Promise<boolean> {
  say();
  say(` ${styled('bold', 'pg-offsite')}: a backup into a bucket, and back again with stock tools only`);

  const server = await step(1, 'A PostgreSQL server with the database of a shop', signal, async () => {
    const started = resources.use(await startPostgres({ password: randomBytes(12).toString('hex') }));
    await started.createDatabase('shop', join(root, 'test/fixtures/shop.sql'));
    say(
      `    PostgreSQL ${shortVersion(await started.psql('SHOW server_version'))} on port ${String(started.port)}, made for this demo`,
    );
    return started;
  });

  const { s3, identity, recipient } = await step(2, 'An S3 server, and a key pair of yours', signal, async () => {
    const listening = resources.adopt(await startS3Server({ accessKeyId: 'demo' }), (open) => open.close());
    const file = join(folder, 'private-key.txt');
    await runCommand('age-keygen', ['-o', file]);
    const publicKey = (await runCommand('age-keygen', ['-y', file])).trim();
    say(`    ${listening.url}, in memory, with an empty bucket ${styled('bold', 'backups')}`);
    say(`    public key  ${publicKey}`);
    return { s3: listening, identity: file, recipient: publicKey };
  });

  const backupMs = await step(3, 'The backup: what a cron job would start', signal, async () => {
    const began = performance.now();
    await backUp(server, s3, recipient, signal);
    return performance.now() - began;
  });
  const manifest = parseManifest(readFromBucket(s3, 'manifest.json'), 'the manifest');

  await step(4, 'What is in the bucket now', signal, () => {
    const entries = listBucket(s3);
    table(
      ['file', 'size', ''],
      entries.map(({ name, size, purpose }) => [name, size, styled('dim', purpose)]),
      [1],
    );
    return Promise.resolve();
  });

  const restoreMs = await step(5, 'Disaster: a new database from the bucket, as RESTORE.md says', signal, async () => {
    await server.psql("CREATE DATABASE shop_restored TEMPLATE template0 ENCODING 'UTF8'");
    const began = performance.now();
    await restore(server, readFromBucket(s3, 'RESTORE.md'), { identity, folder, signal });
    return performance.now() - began;
  });

  const equal = await step(6, 'The same? Table by table, every value of every row', signal, async () => {
    const [source, restored] = await Promise.all(
      ['shop', 'shop_restored'].map((database) => takeFingerprints(server.url(database), manifest)),
    );
    if (!source || !restored) throw new Error('both databases have fingerprints');
    return compare(source, restored, manifest);
  });
  if (!equal) return false;

  const [dump] = manifest.artifacts;
  const { databaseBytes, version } = manifest.server;
  say();
  const figures = {
    server: shortVersion(version),
    tables: manifest.contents.tables.length,
    rows: number(manifest.contents.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0)),
    databaseSize: prettyBytes(databaseBytes),
    file: dump?.key ?? '',
    backupSize: prettyBytes(dump?.bytes ?? 0),
    share: `${String(Math.round((100 * (dump?.bytes ?? 0)) / databaseBytes))} % of it`,
    backupTime: seconds(backupMs),
    restoreTime: seconds(restoreMs),
  };
  for (const line of [...picture(figures), '', ...ownDatabase]) say(line);
  return true;
}

async function backUp(server: TestPostgres, s3: S3Server, recipient: string, signal: AbortSignal): Promise<void> {
  const settings = {
    DATABASE_URL: server.url('shop'),
    S3_ENDPOINT: s3.url,
    S3_BUCKET: 'backups',
    S3_ACCESS_KEY_ID: 'demo',
    S3_SECRET_ACCESS_KEY: 'any',
    AGE_RECIPIENTS: recipient,
  };
  command([
    `DATABASE_URL=${settings.DATABASE_URL.replace(server.password ?? '', '*****')} \\`,
    `S3_ENDPOINT=${s3.url} S3_BUCKET=backups S3_ACCESS_KEY_ID=demo … \\`,
    `AGE_RECIPIENTS=${recipient.slice(0, 24)}… ./entrypoint.sh`,
  ]);
  const child = spawn(join(root, 'entrypoint.sh'), [], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_FORMAT: 'pretty', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  for (const stream of [child.stderr, child.stdout]) createInterface(stream).on('line', quote);
  const [exitCode] = await closed;
  if (exitCode !== 0) throw new Error(`the backup ended with exit code ${String(exitCode)}`);
  say(`    exit code 0`);
}

async function restore(
  server: TestPostgres,
  guide: string,
  { identity, folder, signal }: { identity: string; folder: string; signal: AbortSignal },
): Promise<void> {
  const blocks = guideBlocks(guide);
  // The last block lists the largest tables; step 6 looks closer.
  for (const block of blocks.slice(0, -1)) quote(styled('bold', block));
  const home = join(folder, 'restore');
  await mkdir(home);
  const outcome = await runGuide(guide, {
    folder: home,
    variables: {
      ...server.env,
      PGDATABASE: 'shop_restored',
      AGE_IDENTITY_FILE: identity,
      AWS_ACCESS_KEY_ID: 'demo',
      AWS_SECRET_ACCESS_KEY: 'any',
    },
    signal,
  });
  if (outcome.exitCode !== 0) throw new Error(`RESTORE.md ended with ${String(outcome.exitCode)}\n${outcome.stderr}`);
  say(`    ${/^.*: OK$/m.exec(outcome.stdout)?.[0] ?? ''}, exit code 0`);
}

/** Prints the comparison and says whether everything is equal. */
function compare(source: Fingerprints, restored: Fingerprints, manifest: Manifest): boolean {
  const noted = new Map(manifest.contents.tables.map(({ name, rows }) => [name, rows]));
  let equal = true;
  const rows = source.tables.map((before, index) => {
    const after = restored.tables[index];
    const same = after?.hash === before.hash && after.rows === (noted.get(before.table) ?? before.rows);
    equal &&= same;
    const hashes = [before.hash.slice(0, 8), after?.hash.slice(0, 8) ?? ''];
    return [before.table, number(before.rows), number(after?.rows ?? 0), ...hashes, mark(same)];
  });
  table(['table', 'rows', 'rows restored', 'hash', 'hash restored', ''], rows, [1, 2]);
  const kinds = Object.entries(source.objects).filter(([, count]) => count > 0);
  const same = Object.entries(source.objects).every(([kind, count]) => restored.objects[kind] === count);
  equal &&= same;
  const { indexes = 0, constraints = 0 } = source.objects;
  say();
  say(
    `    ${number(indexes)} indexes, ${number(constraints)} constraints and ${String(kinds.length - 2)} other kinds of objects: as many of each   ${mark(same)}`,
  );
  return equal;
}

/** Without what the packager adds. */
function shortVersion(version: string): string {
  return version.split(' ')[0] ?? version;
}

function mark(good: boolean): string {
  return good ? styled('green', '✔') : styled('red', '✘');
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { journalUntil, type Moment, momentOf } from './bank.ts';
import type { Bench, Laboratory } from './laboratory.ts';
import { bytesOf, damageOf, type Folder, manifestOf, type ManifestText } from './shelf.ts';

const decrypt = (encryption: ManifestText['artifacts'][number]['encryption']): string[] => {
  if (encryption === 'none') return [];
  if (encryption === 'age') return ['age -d -i "$IDENTITY"'];
  return ['gpg --homedir "$GPG_HOME" --batch --quiet --pinentry-mode loopback --passphrase-file "$PASSPHRASE" -d'];
};
const unpack = { zstd: ['zstd -dc'], gzip: ['gzip -dc'], none: [] } as const;
const archive = 'pg_restore --exit-on-error --single-transaction --no-owner --dbname=';
const load = {
  custom: archive,
  plain: 'psql -Xq -v ON_ERROR_STOP=1 --single-transaction -o /dev/null',
} as const;

/** Runs what is given with a client of an empty database, which is emptied afterwards. */
export async function withDatabase<T>(bench: Bench, name: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const there = await bench.admin.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (there.rowCount === 0) await bench.admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  return await lookInto(bench, name, async (client) => {
    try {
      return await work(client);
    } finally {
      // Quicker than to drop it and make another.
      await client.query(
        `DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner;
         GRANT USAGE ON SCHEMA public TO PUBLIC; SELECT lo_unlink(oid) FROM pg_largeobject_metadata`,
      );
    }
  });
}

/** Runs what is given with a client of a database that is there. */
export async function lookInto<T>(
  { postgres }: Bench,
  name: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: postgres.url(name), application_name: 'judge' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Restores a backup with stock tools alone, as RESTORE.md has it, and looks at what comes out.
 * @returns the moment that it holds. Throws with what is wrong.
 */
export async function restoreStock(laboratory: Laboratory, bench: Bench, folder: Folder): Promise<Moment> {
  const damage = damageOf(folder);
  if (damage !== undefined) throw new Error(damage);
  const manifest = manifestOf(folder);
  const dumps = manifest.artifacts.filter(({ kind }) => kind === 'dump');
  return await withDatabase(bench, 'restored_stock', async (client) => {
    for (const [dump, load] of loadings(dumps)) await runStock(laboratory, bench, folder, dump, load);
    const moment = await momentOf(client);
    const counted = manifest.contents.tables.find(({ name }) => name === 'journal');
    if (counted?.exact !== true || counted.rows !== moment.transfers) {
      throw new Error(
        `the manifest counts ${String(counted?.rows)} transfers, and ${String(moment.transfers)} are restored`,
      );
    }
    return moment;
  });
}

type Artifact = ManifestText['artifacts'][number];

/** What is loaded with which command: the only dump, or definitions, contents, and what comes after the rows. */
function loadings(dumps: readonly Artifact[]): (readonly [Artifact, string])[] {
  const [schema] = dumps.filter(({ lane }) => lane === 'schema');
  const contents = dumps.filter((dump) => dump !== schema);
  const [only] = contents;
  if (!only) throw new Error('no dump');
  if (!schema) return [[only, load[only.format]]];
  if (contents.length < 2) throw new Error('contents are in one lane, or none of named tables');
  return [
    [schema, `${archive} --section=pre-data`],
    ...contents.map((lane) => [lane, archive] as const),
    [schema, `${archive} --section=post-data`],
  ];
}

/** Sends an object of a backup through the tools that its form takes. */
async function runStock(
  laboratory: Laboratory,
  { postgres: { env, binDir } }: Bench,
  folder: Folder,
  dump: Artifact,
  load: string,
): Promise<void> {
  const command = [...decrypt(dump.encryption), ...unpack[dump.compression], load].join(' | ');
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env: {
      ...env,
      PATH: `${binDir}:${process.env['PATH'] ?? ''}`,
      PGDATABASE: 'restored_stock',
      IDENTITY: laboratory.keys.identityFile,
      PASSPHRASE: laboratory.keys.passphraseFile,
      GPG_HOME: laboratory.gpgHome,
    },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(bytesOf(folder.files.get(dump.key)));
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${said.slice(0, 500)}`);
}

/** What is wrong with a moment, by the database that was backed up; undefined where nothing is. */
export async function differsFromSource(source: Pick<pg.Client, 'query'>, moment: Moment): Promise<string | undefined> {
  const now = await momentOf(source);
  if (now.still !== moment.still) return 'what never changes is another than in the source';
  if ((await journalUntil(source, moment.transfers)) !== moment.journal)
    return 'its transfers are not those of the source';
  return undefined;
}

import { join } from 'node:path';
import { startPostgres } from '../test/support/postgres.ts';
import { runCommand } from '../test/support/run-command.ts';
import { backupContestants, type Contestant, ownContestant, shellContestant } from './contestants.ts';
import { fingerprint } from './database.ts';
import { measure } from './measure.ts';
import { type Place, storedBytes } from './place.ts';
import { measureRounds, type Series } from './rounds.ts';
import type { Bench } from './section.ts';

/** The server that is restored to: durable like one that somebody lives on, and told apart from the defaults here. */
export const targetConf = [
  'fsync = on',
  'synchronous_commit = on',
  'full_page_writes = on',
  'wal_level = replica',
  'shared_buffers = 1GB',
  'maintenance_work_mem = 256MB',
  'max_wal_size = 4GB',
] as const;

const target = 'restored';

/** The backups that are restored, by the ways that make them. */
const sources = ['gzip', 'file', 'lanes-1-age', 'lanes-2-age', 'lanes-4-age'];

/** The ways that are compared, in the order in which a round runs them. The first is what guides teach. */
async function restoreContestants(place: Place, targetUrl: string): Promise<Contestant[]> {
  const shell = (id: string, title: string, script: string): Contestant =>
    shellContestant({ ...place, databaseUrl: targetUrl }, id, title, script);
  const ours = (source: string, title: string, ...args: string[]): Contestant =>
    ownContestant(place, [source, ...args.slice(0, 1)].join(''), title, ['restore', 'latest', ...args], {
      TARGET_DATABASE_URL: targetUrl,
      AGE_IDENTITY: place.identity,
      S3_PREFIX: source,
    });
  const download = '"$AWS" --endpoint-url "$S3" s3 cp --quiet "s3://$BUCKET/file/dump" "$TMPDIR/dump"';
  const load = '"$BIN/pg_restore" --exit-on-error -j2 -d "$DATABASE_URL" "$TMPDIR/dump"';
  return [
    shell(
      'psql',
      '`aws s3 cp - \\| gunzip \\| psql`',
      '"$AWS" --endpoint-url "$S3" s3 cp --quiet "s3://$BUCKET/gzip/dump.sql.gz" - | gunzip | "$BIN/psql" -X -q -v ON_ERROR_STOP=1 -o /dev/null -d "$DATABASE_URL"',
    ),
    // Leaves the file for the next.
    shell('pg-restore', '`aws s3 cp file; pg_restore -j2 file`', `${download}; ${load}`),
    shell('pg-restore-local', '`pg_restore -j2 file`, which is there already', `${load}; rm "$TMPDIR/dump"`),
    ours('lanes-1-age', 'pg-offsite, 1 lane, age'),
    ours('lanes-1-age', 'pg-offsite, 1 lane, age, `--jobs 2`', '--jobs', '2'),
    ...((await knowsScratch())
      ? [ours('lanes-1-age', 'pg-offsite, 1 lane, age, `--scratch`', '--scratch', place.temporary)]
      : []),
    ours('lanes-2-age', 'pg-offsite, 2 lanes, age'),
    ours('lanes-4-age', 'pg-offsite, 4 lanes, age'),
  ];
}

async function knowsScratch(): Promise<boolean> {
  const program = join(import.meta.dirname, '../entrypoint.sh');
  return (await runCommand(program, ['restore', '--help'])).includes('--scratch');
}

/**
 * Measures every way to restore, from the backups that the ways to make one have left, or else makes them, into a server
 * of its own with {@link targetConf}. In the first round what came back is compared with the source, row by row.
 */
export async function measureRestores(
  place: Place,
  source: string,
  bench: Pick<Bench, 'rounds' | 'say' | 'isLate'>,
): Promise<readonly Series[]> {
  for (const way of backupContestants(place)) {
    if (!sources.includes(way.id) || (await storedBytes(place, way.id)) > 0) continue;
    bench.say(`making a backup to restore: ${way.title}`);
    await measure(way.program, way.args, way.env);
  }
  const expected = await fingerprint(place.server, source);
  await using server = await startPostgres({ conf: [...targetConf] });
  const ways = await restoreContestants(place, server.url(target));
  const before = async (): Promise<void> => {
    await server.psql(`drop database if exists ${target}`);
    await server.psql(`create database ${target} template template0`);
    await server.psql('checkpoint');
    // Else a way has to write what the one before it has left in memory.
    await runCommand('sync', []);
  };
  const after = async (way: Contestant, first: boolean): Promise<number> => {
    if (first && (await fingerprint(server, target)) !== expected) {
      throw new Error(`${way.title} has not restored what was backed up`);
    }
    return 0;
  };
  return await measureRounds(ways, bench.rounds, { before, after }, bench.say, bench.isLate);
}

import { startPostgres } from '../test/support/postgres.ts';
import { type Contestant, contestants, ownContestant, type Place, shellContestant } from './contestants.ts';
import { fingerprint } from './database.ts';
import { measure } from './measure.ts';
import type { Series } from './results.ts';
import { measureRounds } from './rounds.ts';

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

/** The ways that are compared, in the order in which a round runs them. The first is what guides teach. */
function restoreContestants(place: Place, targetUrl: string): Contestant[] {
  const shell = (title: string, script: string): Contestant =>
    shellContestant({ ...place, databaseUrl: targetUrl }, title, script);
  const ours = (title: string, ...args: string[]): Contestant =>
    ownContestant(place, title, ['restore', 'latest', ...args], {
      TARGET_DATABASE_URL: targetUrl,
      AGE_IDENTITY: place.identity,
    });
  return [
    shell(
      '`aws s3 cp - \\| gunzip \\| psql`',
      '"$AWS" --endpoint-url "$S3" s3 cp --quiet "s3://$BUCKET/guide.sql.gz" - | gunzip | "$BIN/psql" -X -q -v ON_ERROR_STOP=1 -o /dev/null -d "$DATABASE_URL"',
    ),
    shell(
      '`aws s3 cp file; pg_restore -j2 file`',
      'start=$(date +%s%3N); "$AWS" --endpoint-url "$S3" s3 cp --quiet "s3://$BUCKET/file.dump" "$TMPDIR/dump"; echo "downloaded in $(($(date +%s%3N) - start)) ms"; "$BIN/pg_restore" --exit-on-error -j2 -d "$DATABASE_URL" "$TMPDIR/dump"; rm "$TMPDIR/dump"',
    ),
    ours('pg-offsite, zstd and age'),
    ours('pg-offsite, zstd and age, `--jobs 2`', '--jobs', '2'),
  ];
}

/**
 * Measures every way to restore, from the backups that the ways to make one have left, into a server of its own with
 * {@link targetConf}. In the first round what came back is compared with the source, row by row.
 */
export async function measureRestores(
  place: Place,
  source: string,
  rounds: number,
  say: (text: string) => void,
): Promise<readonly Series[]> {
  // All but the floor, which stores nothing, and the one that the last replaces.
  const [, guide, file, , own] = contestants(place);
  for (const way of [guide, file, own]) if (way) await measure(way.program, way.args, way.env);
  const expected = await fingerprint(place.server, source);
  await using server = await startPostgres({ conf: [...targetConf] });
  const ways = restoreContestants(place, server.url(target));
  const before = async (): Promise<void> => {
    await server.psql(`create database ${target} template template0`);
    await server.psql('checkpoint');
  };
  const after = async (way: Contestant, first: boolean): Promise<number> => {
    if (first && (await fingerprint(server, target)) !== expected) {
      throw new Error(`${way.title} has not restored what was backed up`);
    }
    await server.psql(`drop database ${target}`);
    return 0;
  };
  return await measureRounds(ways, rounds, { before, after }, say);
}

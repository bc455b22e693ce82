import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './place.ts';

/** One way to make a backup, or to restore one. */
export interface Contestant {
  /** Its name in bench/figures.json. A way to make a backup stores under it as a prefix, too. */
  readonly id: string;
  /** The row's title in the results. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether the process that is measured is pg-offsite's node. */
  readonly ours: boolean;
}

/** How many `pg_dump` at once are compared. */
export const lanes = [1, 2, 4] as const;

/** The ways to make a backup, in the order in which a round runs them. The first is the floor: nothing is stored. */
export function backupContestants(place: Place): Contestant[] {
  const shell = (id: string, title: string, script: string): Contestant => shellContestant(place, id, title, script);
  return [
    shell(
      'floor',
      '`pg_dump -Fc -Z0 \\| zstd -3 > /dev/null` (nothing stored)',
      '"$BIN/pg_dump" -Fc -Z0 -d "$DATABASE_URL" | zstd -q -3 > /dev/null',
    ),
    shell(
      'gzip',
      '`pg_dump \\| gzip \\| aws s3 cp -`',
      '"$BIN/pg_dump" -d "$DATABASE_URL" | gzip | "$AWS" --endpoint-url "$S3" s3 cp --quiet - "s3://$BUCKET/gzip/dump.sql.gz"',
    ),
    shell(
      'file',
      '`pg_dump -Fc -f file; aws s3 cp file`',
      '"$BIN/pg_dump" -Fc -f "$TMPDIR/dump" -d "$DATABASE_URL"; "$AWS" --endpoint-url "$S3" s3 cp --quiet "$TMPDIR/dump" "s3://$BUCKET/file/dump"; rm "$TMPDIR/dump"',
    ),
    ...lanes.flatMap((jobs) => [
      ownBackup(place, `lanes-${jobs}`, `pg-offsite, ${jobs} lane${jobs === 1 ? '' : 's'}`, { JOBS: String(jobs) }),
      ownBackup(place, `lanes-${jobs}-age`, `pg-offsite, ${jobs} lane${jobs === 1 ? '' : 's'}, age`, {
        JOBS: String(jobs),
        AGE_RECIPIENTS: place.recipient,
      }),
    ]),
  ];
}

/** A script of what guides teach. It finds the database in DATABASE_URL, the store in S3 and BUCKET, the programs in BIN. */
export function shellContestant(place: Place, id: string, title: string, script: string): Contestant {
  const { server, databaseUrl, s3, bucket } = place;
  const env = {
    ...basics(place),
    DATABASE_URL: databaseUrl,
    BIN: server.binDir,
    // Debian's, not another one that a machine's PATH may have first.
    AWS: existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws',
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    S3: s3.endpoint,
    BUCKET: bucket,
  };
  return { id, title, program: 'bash', args: ['-euo', 'pipefail', '-c', script], env, ours: false };
}

/** A backup by pg-offsite with its defaults and these variables. */
export function ownBackup(
  place: Place,
  id: string,
  title: string,
  variables: Readonly<Record<string, string>>,
): Contestant {
  return ownContestant(place, id, title, [], { DATABASE_URL: place.databaseUrl, S3_PREFIX: id, ...variables });
}

/** pg-offsite itself with these arguments and variables. */
export function ownContestant(
  place: Place,
  id: string,
  title: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Contestant {
  const { s3, bucket } = place;
  const program = join(import.meta.dirname, '../entrypoint.sh');
  return { id, title, program, args, env: { ...basics(place), ...s3.env(bucket), ...variables }, ours: true };
}

function basics({ temporary }: Place): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/root', TMPDIR: temporary };
}

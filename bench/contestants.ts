import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPostgres } from '../test/support/postgres.ts';
import type { TestS3 } from '../test/support/s3.ts';

/** One way to make a backup, or to restore one. */
export interface Contestant {
  /** The row's title in the results. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether the process that is measured is pg-offsite's node. */
  readonly ours: boolean;
}

/** Where a run works: the database, the bucket and a folder for temporary files that is watched. */
export interface Place {
  readonly server: TestPostgres;
  readonly databaseUrl: string;
  readonly s3: TestS3;
  readonly bucket: string;
  readonly temporary: string;
  /** A public key of age. */
  readonly recipient: string;
  /** Its private key. */
  readonly identity: string;
}

/** The ways that are compared, in the order in which a round runs them. The first is the floor: nothing is stored. */
export function contestants(place: Place): Contestant[] {
  const recipient = { AGE_RECIPIENTS: place.recipient };
  const shell = (title: string, script: string): Contestant => shellContestant(place, title, script);
  const ours = (title: string, changes: Record<string, string>): Contestant =>
    ownContestant(place, title, [], { DATABASE_URL: place.databaseUrl, COMPRESSION: 'zstd', ...changes });
  return [
    shell(
      '`pg_dump -Fc -Z0 \\| zstd -3 > /dev/null` (the floor: nothing stored)',
      '"$BIN/pg_dump" -Fc -Z0 -d "$DATABASE_URL" | zstd -q -3 > /dev/null',
    ),
    shell(
      '`pg_dump \\| gzip \\| aws s3 cp -`',
      '"$BIN/pg_dump" -d "$DATABASE_URL" | gzip | "$AWS" --endpoint-url "$S3" s3 cp --quiet - "s3://$BUCKET/guide.sql.gz"',
    ),
    shell(
      '`pg_dump -Fc -f file; aws s3 cp file`',
      '"$BIN/pg_dump" -Fc -f "$TMPDIR/dump" -d "$DATABASE_URL"; "$AWS" --endpoint-url "$S3" s3 cp --quiet "$TMPDIR/dump" "s3://$BUCKET/file.dump"; rm "$TMPDIR/dump"',
    ),
    ours('pg-offsite, zstd', {}),
    ours('pg-offsite, zstd and age', recipient),
  ];
}

/** A script of what guides teach. It finds the database in DATABASE_URL, the store in S3 and BUCKET, the programs in BIN. */
export function shellContestant(place: Place, title: string, script: string): Contestant {
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
  return { title, program: 'bash', args: ['-euo', 'pipefail', '-c', script], env, ours: false };
}

/** pg-offsite itself with these arguments and variables; its backups are under the prefix `ours`. */
export function ownContestant(
  place: Place,
  title: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Contestant {
  const { s3, bucket } = place;
  const program = join(import.meta.dirname, '../entrypoint.sh');
  const env = { ...basics(place), ...s3.env(bucket), S3_PREFIX: 'ours', ...variables };
  return { title, program, args, env, ours: true };
}

function basics({ temporary }: Place): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/root', TMPDIR: temporary };
}

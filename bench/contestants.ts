import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPostgres } from '../test/support/postgres.ts';
import type { TestS3 } from '../test/support/s3.ts';

/** One way to make a backup. */
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
}

/** The ways that are compared, in the order in which a round runs them. The first is the floor: nothing is stored. */
export function contestants(place: Place): Contestant[] {
  const { server, databaseUrl, s3, bucket, temporary, recipient } = place;
  const basics = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/root', TMPDIR: temporary };
  const shellEnv = {
    ...basics,
    DATABASE_URL: databaseUrl,
    PG_DUMP: join(server.binDir, 'pg_dump'),
    // Debian's, not another one that a machine's PATH may have first.
    AWS: existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws',
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    S3: s3.endpoint,
    BUCKET: bucket,
  };
  const shell = (title: string, script: string): Contestant => ({
    title,
    program: 'bash',
    args: ['-euo', 'pipefail', '-c', script],
    env: shellEnv,
    ours: false,
  });
  const ours = (title: string, changes: Record<string, string>): Contestant => ({
    title,
    program: join(import.meta.dirname, '../entrypoint.sh'),
    args: [],
    env: {
      ...basics,
      DATABASE_URL: databaseUrl,
      ...s3.env(bucket),
      S3_PREFIX: 'ours',
      COMPRESSION: 'zstd',
      ...changes,
    },
    ours: true,
  });
  return [
    shell(
      '`pg_dump -Fc -Z0 \\| zstd -3 > /dev/null` (the floor: nothing stored)',
      '"$PG_DUMP" -Fc -Z0 -d "$DATABASE_URL" | zstd -q -3 > /dev/null',
    ),
    shell(
      '`pg_dump \\| gzip \\| aws s3 cp -`',
      '"$PG_DUMP" -d "$DATABASE_URL" | gzip | "$AWS" --endpoint-url "$S3" s3 cp --quiet - "s3://$BUCKET/guide.sql.gz"',
    ),
    shell(
      '`pg_dump -Fc -f file; aws s3 cp file`',
      '"$PG_DUMP" -Fc -f "$TMPDIR/dump" -d "$DATABASE_URL"; "$AWS" --endpoint-url "$S3" s3 cp --quiet "$TMPDIR/dump" "s3://$BUCKET/file.dump"; rm "$TMPDIR/dump"',
    ),
    ours('pg-offsite, zstd', {}),
    ours('pg-offsite, zstd and age', { AGE_RECIPIENTS: recipient }),
  ];
}

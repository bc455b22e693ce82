import type { Random } from './random.ts';

/** How the program is configured. Keys and addresses are not among the variables: they differ from run to run. */
export interface Form {
  readonly format: 'custom' | 'plain';
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly encryption: 'none' | 'age' | 'gpg-passphrase';
  readonly verify: 'head' | 'download' | 'drill';
  readonly attempts: number;
  readonly keepLast: number | undefined;
  readonly keepMinimum: number;
  readonly signed: boolean;
  readonly databases: readonly ['shop'] | readonly ['shop', 'crm'];
  readonly globals: 'on' | 'off' | 'auto';
  /** So many `pg_dump` at once; with more than one the dump is in lanes. */
  readonly jobs: 1 | 2 | 3;
  /** Of a restore or a drill; undefined leaves it to the program. */
  readonly restoreJobs: '1' | '2' | 'auto' | undefined;
  /** The same as the program reads it. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Draws a configuration. */
export function drawForm(random: Random): Form {
  const several = random.chance(0.12);
  const format = random.weighted([
    [75, 'custom'],
    [25, 'plain'],
  ] as const);
  const jobs = random.weighted([
    [65, 1],
    [20, 2],
    [15, 3],
  ] as const);
  const form = {
    format,
    compression: random.weighted([
      [50, 'zstd'],
      [20, 'gzip'],
      [30, 'none'],
    ] as const),
    encryption: random.weighted([
      [50, 'none'],
      [37, 'age'],
      [13, 'gpg-passphrase'],
    ] as const),
    verify: random.weighted([
      [55, 'head'],
      [38, 'download'],
      [7, 'drill'],
    ] as const),
    attempts: random.weighted([
      [80, 1],
      [20, 2],
    ] as const),
    keepLast: random.chance(0.4) ? random.between(2, 4) : undefined,
    keepMinimum: random.between(1, 3),
    signed: random.chance(0.25),
    databases: several ? (['shop', 'crm'] as const) : (['shop'] as const),
    globals: random.weighted([
      [30, 'on'],
      [45, 'off'],
      [25, 'auto'],
    ] as const),
    // A script is one stream.
    jobs: format === 'custom' ? jobs : 1,
    restoreJobs: random.weighted([
      [60, undefined],
      [10, '1'],
      [20, '2'],
      [10, 'auto'],
    ] as const),
  } as const;
  const variables = {
    BACKUP_FORMAT: form.format,
    COMPRESSION: form.compression,
    VERIFY: form.verify,
    BACKUP_ATTEMPTS: String(form.attempts),
    KEEP_MINIMUM: String(form.keepMinimum),
    GLOBALS: form.globals,
    JOBS: String(form.jobs),
    S3_UPLOAD_CONCURRENCY: String(random.between(1, 4)),
    LOG_LEVEL: random.pick(['info', 'debug']),
    ...(form.keepLast !== undefined && { KEEP_LAST: String(form.keepLast) }),
    ...(several && { DATABASES: 'shop,crm', DATABASE_CONCURRENCY: random.pick(['1', '2']) }),
  };
  return { ...form, variables };
}

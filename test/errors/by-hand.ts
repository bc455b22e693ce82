/** An error that has too few fixed words of its own to be found in a test by them. */
export interface ByHand {
  /** Where it is made. */
  readonly file: string;
  /** The message as docs/ERRORS.md shows it. */
  readonly message: string;
  /** The test that provokes it; or why there is none. */
  readonly test?: string;
  readonly untested?: string;
}

/** Looked up by a person. The test beside this file keeps it from going stale. */
export const byHand: readonly ByHand[] = [
  {
    file: 'src/backup/snapshot.ts',
    message: 'tables were dropped or renamed all the while, so that they could not be locked',
    untested: 'takes a table that goes in each of several tries, between two statements',
  },
  { file: 'src/backup/lane-check.ts', message: 'table …', test: 'test/backup/lanes.test.ts' },
  { file: 'src/backup/verify.ts', message: '… has … bytes, but … were sent', test: 'test/backup/completion.test.ts' },
  { file: 'src/catalog/stored-record.ts', message: '… is damaged: …', test: 'test/catalog/manifest.test.ts' },
  { file: 'src/commands/arguments.ts', message: '…', test: 'test/commands/whole-usage.test.ts' },
  {
    file: 'src/commands/database-ends.ts',
    message: 'the run ended without it',
    untested: 'a bug in this program would have to cause it',
  },
  {
    file: 'src/commands/tell.ts',
    message: 'the time for telling is over',
    untested: 'ends what is under way; the channel is told of as one without an answer',
  },
  { file: 'src/fleet/document.ts', message: '…, line … …', test: 'test/fleet/fleet.test.ts' },
  { file: 'src/fleet/fleet.ts', message: '…: defaults: …', test: 'test/fleet/whole-texts.test.ts' },
  {
    file: 'src/fleet/member.ts',
    message:
      'FLEET_FILE names a file that cannot be read (unknown error), for example FLEET_FILE=/etc/pg-offsite/fleet.yaml',
    test: 'test/fleet/whole-texts.test.ts',
  },
  { file: 'src/pipeline/decompress.ts', message: '…', test: 'test/pipeline/decompress.test.ts' },
  { file: 'src/pipeline/decryption.ts', message: '…', test: 'test/pipeline/decryption.test.ts' },
  { file: 'src/postgres/dump-failure.ts', message: '…', test: 'test/postgres/dump-failure.test.ts' },
  { file: 'src/postgres/query-failure.ts', message: 'cannot …: …', test: 'test/drill/check-sql.test.ts' },
  {
    file: 'src/postgres/server-user.ts',
    message: 'could not run: PostgreSQL does not run as root, and …',
    untested: 'takes a machine without setpriv, or without the users postgres and nobody',
  },
  {
    file: 'src/restore/load.ts',
    message: 'the table of contents was read',
    untested: 'ends what still decodes once enough was read; nobody is told of it',
  },
  {
    file: 'src/store/directory-errors.ts',
    message: 'could not read …: … in …',
    test: 'test/store/directory-errors.test.ts',
  },
  { file: 'src/store/directory-errors.ts', message: '…: … in …', test: 'test/store/directory-errors.test.ts' },
  { file: 'src/store/s3/errors.ts', message: '…: no answer (…)', test: 'test/store/s3/whole-hints.test.ts' },
  {
    file: 'src/restore/load.ts',
    message: 'the loader has ended',
    untested: 'ends what still decodes; nobody is told of it',
  },
  {
    file: 'src/postgres/server-folder.ts',
    message: 'could not run: the path … is too long for a unix socket',
    untested: 'takes a machine where TMPDIR is deep and /tmp, /dev/shm and /run cannot be written',
  },
  {
    file: 'src/postgres/connect-failure.ts',
    message: 'TLS to the socket in … failed: …',
    test: 'test/postgres/connect-tls.test.ts',
  },
  {
    file: 'src/postgres/dump-failure.ts',
    message: '… (it waited … s)',
    test: 'test/postgres/dump-failure.test.ts',
  },
  {
    file: 'src/store/s3/errors.ts',
    message: '…: … after … attempts over …',
    test: 'test/store/s3/upload-faults.test.ts',
  },
  {
    file: 'src/restore/left-behind.ts',
    message: '…; the target database … is incomplete: …',
    test: 'test/commands/restore-jobs.test.ts',
  },
];

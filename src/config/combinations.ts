import { splitWords } from './dump-args.ts';
import { argsSelect } from './dump-filters.ts';
import type { ReadValues } from './environment.ts';
import type { Findings } from './findings.ts';
import type { VariableName } from './variables.ts';

/** A rule about variables that are each right, but not together. */
interface Rule {
  readonly broken: (read: ReadValues) => boolean;
  /** What is wrong and what to do; the names are those that the user wrote. */
  readonly words: (nameOf: (name: VariableName) => string) => string;
  readonly severity?: 'warning';
}

const rules: readonly Rule[] = [
  {
    broken: ({ isSet }) => isSet('AGE_RECIPIENTS') && (isSet('GPG_PUBLIC_KEYS') || isSet('GPG_PASSPHRASE')),
    words: (n) =>
      `${n('AGE_RECIPIENTS')} and gpg settings are both set; a backup is encrypted one way, so keep one of them`,
  },
  {
    // A run that drills has a private key, which the passphrase unlocks.
    broken: ({ values, isSet }) =>
      isSet('GPG_PUBLIC_KEYS') && isSet('GPG_PASSPHRASE') && !(values.VERIFY === 'drill' && isSet('GPG_PRIVATE_KEY')),
    words: (n) =>
      `${n('GPG_PUBLIC_KEYS')} and ${n('GPG_PASSPHRASE')} are both set; keep the public keys, and the passphrase out of the job`,
  },
  {
    broken: ({ isSet }) => isSet('S3_ACCESS_KEY_ID') !== isSet('S3_SECRET_ACCESS_KEY'),
    words: () =>
      'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together: set both, or neither to use the credentials of the platform',
  },
  {
    broken: ({ isSet }) =>
      !isSet('S3_ACCESS_KEY_ID') &&
      !isSet('S3_SECRET_ACCESS_KEY') &&
      isSet('AWS_ACCESS_KEY_ID') !== isSet('AWS_SECRET_ACCESS_KEY'),
    words: () =>
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither to use the credentials of the platform',
  },
  {
    broken: ({ isSet }) => isSet('S3_SESSION_TOKEN') && !isSet('S3_ACCESS_KEY_ID'),
    words: () => 'S3_SESSION_TOKEN belongs to temporary keys: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY with it',
  },
  {
    broken: ({ isSet }) => isSet('S3_OBJECT_LOCK_MODE') && !isSet('S3_OBJECT_LOCK_FOR'),
    words: () =>
      'S3_OBJECT_LOCK_MODE is set without a time; set S3_OBJECT_LOCK_FOR too, for example S3_OBJECT_LOCK_FOR=30d',
  },
  {
    broken: ({ isSet }) => isSet('S3_OBJECT_LOCK_FOR') && !isSet('S3_OBJECT_LOCK_MODE'),
    words: () => 'S3_OBJECT_LOCK_FOR is set without a mode; set S3_OBJECT_LOCK_MODE=GOVERNANCE or COMPLIANCE too',
  },
  {
    broken: ({ values, isSet }) => isSet('S3_SSE_KMS_KEY_ID') && values.S3_SSE !== 'aws:kms',
    words: () => 'S3_SSE_KMS_KEY_ID needs S3_SSE=aws:kms',
  },
  {
    broken: ({ values }) =>
      values.VERIFY !== 'head' && ['GLACIER', 'DEEP_ARCHIVE'].includes(values.S3_STORAGE_CLASS?.toUpperCase() ?? ''),
    words: (n) =>
      `VERIFY=download and VERIFY=drill cannot read back what ${n('S3_STORAGE_CLASS')} puts into an archive; use VERIFY=head or GLACIER_IR`,
  },
  {
    broken: ({ values, isSet }) => values.VERIFY === 'drill' && isSet('AGE_RECIPIENTS') && !isSet('AGE_IDENTITY'),
    words: (n) =>
      `VERIFY=drill restores what ${n('AGE_RECIPIENTS')} encrypts, and AGE_IDENTITY is not set; set it, or keep the private key out of this job with VERIFY=download and run drill elsewhere`,
  },
  {
    broken: ({ values, isSet }) => values.VERIFY === 'drill' && isSet('GPG_PUBLIC_KEYS') && !isSet('GPG_PRIVATE_KEY'),
    words: (n) =>
      `VERIFY=drill restores what ${n('GPG_PUBLIC_KEYS')} encrypts, and GPG_PRIVATE_KEY is not set; set it, or keep the private key out of this job with VERIFY=download and run drill elsewhere`,
  },
  {
    broken: ({ values }) => values.VERIFY === 'drill' && values.ROW_COUNTS === 'off',
    words: () => 'VERIFY=drill compares rows, which ROW_COUNTS=off does not count; remove ROW_COUNTS',
  },
  {
    broken: ({ values }) => values.BACKUP_FORMAT === 'plain' && values.COMPRESSION === 'none',
    words: () => 'BACKUP_FORMAT=plain with COMPRESSION=none is several times larger than need be',
    severity: 'warning',
  },
  {
    broken: ({ values, isSet }) => isSet('STALL_TIMEOUT') && values.STALL_TIMEOUT > values.BACKUP_TIMEOUT,
    words: () => 'STALL_TIMEOUT is longer than BACKUP_TIMEOUT, so it has no effect',
    severity: 'warning',
  },
  {
    broken: ({ isSet }) =>
      isSet('BACKUP_TIMEZONE') &&
      !isSet('BACKUP_SCHEDULE') &&
      !(['KEEP_DAILY', 'KEEP_WEEKLY', 'KEEP_MONTHLY', 'KEEP_YEARLY'] as const).some((name) => isSet(name)),
    words: () => 'BACKUP_TIMEZONE has no effect without BACKUP_SCHEDULE or one of KEEP_DAILY to KEEP_YEARLY',
    severity: 'warning',
  },
  {
    // In an archive pg_dump ignores it; a script would first drop what an empty database does not have.
    broken: ({ values }) =>
      values.BACKUP_FORMAT === 'plain' &&
      /(?:^|\s)(?:-c|--clean)(?:\s|$)/.test(values.PG_DUMP_ARGS ?? '') &&
      !(values.PG_DUMP_ARGS ?? '').includes('--if-exists'),
    words: (n) =>
      `${n('PG_DUMP_ARGS')} has --clean without --if-exists, which makes a script that fails in an empty database; add --if-exists`,
  },
  {
    broken: ({ values, isSet }) =>
      values.BACKUP_FORMAT === 'plain' &&
      (isSet('SCHEMAS') || isSet('TABLES') || argsSelect(splitWords(values.PG_DUMP_ARGS ?? '') ?? [])),
    words: (n) =>
      `${n('BACKUP_FORMAT')}=plain with SCHEMAS, TABLES or their like in ${n('PG_DUMP_ARGS')} makes a script that an empty database cannot take; set BACKUP_FORMAT=custom`,
  },
  {
    broken: ({ values }) => values.BACKUP_FORMAT === 'plain' && typeof values.JOBS === 'number' && values.JOBS > 1,
    words: (n) => `JOBS needs archives: a script is one stream; remove JOBS, or ${n('BACKUP_FORMAT')}=plain`,
  },
  {
    broken: ({ nameOf }) => nameOf('GPG_PASSPHRASE').startsWith('ENCRYPTION_PASSWORD'),
    words: (n) =>
      `${n('GPG_PASSPHRASE')} encrypts with gpg, not with openssl as in other images: docs/MOVING.md tells how to read both; write GPG_PASSPHRASE in its place, or encrypt with AGE_RECIPIENTS`,
    severity: 'warning',
  },
  {
    broken: ({ isSet }) => isSet('SCHEMAS') && isSet('EXCLUDE_SCHEMAS'),
    words: () => 'SCHEMAS and EXCLUDE_SCHEMAS are both set: a schema that both name is left out',
    severity: 'warning',
  },
];

/** Checks every rule about variables that go together. */
export function checkCombinations(read: ReadValues, findings: Findings): void {
  for (const rule of rules) {
    if (!rule.broken(read)) continue;
    const words = rule.words(read.nameOf);
    if (rule.severity === 'warning') findings.warn(words);
    else findings.problem(words);
  }
}

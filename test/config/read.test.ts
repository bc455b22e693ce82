import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { Environment } from '../../src/config/environment.ts';
import { readConfig } from '../../src/config/read.ts';
import { type VariableName, variableNames, variables } from '../../src/config/variables.ts';
import { tellingVariables } from '../../src/config/variables/telling.ts';
import { Failure } from '../../src/errors.ts';
import { assertProblem, leastEnv, problemsOf, read } from './reading.ts';

describe('readConfig', () => {
  test('needs no more than a database and a place, and fills in the documented defaults', () => {
    const config = read();
    assert.equal(config.source.connection.database, 'shop');
    assert.deepEqual(config.form, {
      format: 'custom',
      compression: 'zstd',
      compressionLevel: 2,
      jobs: 1,
      encryption: { kind: 'none' },
    });
    assert.deepEqual(config.run, {
      timeoutMs: 6 * 3_600_000,
      stallTimeoutMs: 15 * 60_000,
      attempts: 2,
      verify: 'head',
      shrinkAlert: 0.5,
      lock: 'auto',
      schedule: undefined,
      timezone: 'UTC',
    });
    assert.equal(config.retention, undefined);
    assert.deepEqual(config.warnings, []);
  });

  test('fault 59: an invalid environment lists all problems at once, each with the name and what to do', () => {
    const problems = problemsOf({
      DATABASE_URL: 'mysql://root@db/shop',
      S3_BUCKET: 's3://my-backups',
      S3_PART_SIZE: '16 megs',
      BACKUP_TIMEOUT: 'six hours',
      COMPRESSION: 'brotli',
      BACKUP_SCHEDULE: 'every night',
      BACKUP_TIMEZONE: 'Mars/Olympus',
      AGE_RECIPIENTS: 'age1typo',
      GPG_PASSPHRASE: 'open sesame',
      S3_ACCESS_KEY_ID: 'AKIA',
      LOG_LEVEL: '',
    });
    const expected = [
      /^DATABASE_URL does not begin with postgresql:\/\//,
      /^S3_BUCKET is a URL where the name of a bucket belongs; set BACKUP_DESTINATION=s3:/,
      /^S3_PART_SIZE="16 megs" is not a size: .* for example S3_PART_SIZE=32MiB$/,
      /^BACKUP_TIMEOUT="six hours" is not a duration: .* for example BACKUP_TIMEOUT=6h$/,
      /^COMPRESSION="brotli" is not one of zstd, gzip, none/,
      /^BACKUP_SCHEDULE="every night" is no cron expression of five fields, for example BACKUP_SCHEDULE="0 3 \* \* \*"$/,
      /^BACKUP_TIMEZONE="Mars\/Olympus" is no time zone/,
      /^AGE_RECIPIENTS: key 1 /,
      /^AGE_RECIPIENTS and gpg settings are both set/,
      /^S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together/,
    ];
    for (const pattern of expected) {
      assert.equal(problems.filter((problem) => pattern.test(problem)).length, 1, `${pattern}\n${problems.join('\n')}`);
    }
    assert.equal(problems.length, expected.length, problems.join('\n'));
  });

  test('fault 59: an empty environment says which two settings are needed', () => {
    const problems = problemsOf({ DATABASE_URL: '', S3_BUCKET: '  ' });
    assert.match(problems[0] ?? '', /^DATABASE_URL is not set; .* DATABASE_URL=postgresql:\/\//);
    assert.match(problems[1] ?? '', /^neither BACKUP_DESTINATION nor S3_BUCKET is set; .* BACKUP_DESTINATION=s3:\/\//);
    assert.equal(problems.length, 2);
  });

  test('is frozen at every depth', () => {
    const config = read();
    assert.throws(() => Object.assign(config.source.connection, { host: 'other' }), TypeError);
    assert.throws(() => (config.warnings as string[]).push('more'), TypeError);
  });

  test('tells whether retention is set, for which KEEP_MINIMUM alone is not enough', () => {
    assert.equal(read({ KEEP_MINIMUM: '5' }).retention, undefined);
    assert.deepEqual(read({ KEEP_LAST: '7', BACKUP_KEEP_DAYS: '30', BACKUP_TIMEZONE: 'Europe/Berlin' }).retention, {
      last: 7,
      withinMs: 30 * 86_400_000,
      daily: undefined,
      weekly: undefined,
      monthly: undefined,
      yearly: undefined,
      minimum: 3,
      timeZone: 'Europe/Berlin',
    });
    assertProblem({ KEEP_DAILY: '0' }, /^KEEP_DAILY="0" is not a whole number of 1 or more/);
    assertProblem({ KEEP_WITHIN: 'a month' }, /^KEEP_WITHIN="a month" is not a duration/);
  });
});

describe('combinations', () => {
  const refused: [string, Record<string, string>, RegExp][] = [
    ['gpg keys with a passphrase', { GPG_PUBLIC_KEYS: 'x', GPG_PASSPHRASE: 'y' }, /GPG_PUBLIC_KEYS and GPG_PASSPHRASE/],
    ['half of a key pair', { AWS_SECRET_KEY: 'y' }, /^AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together/],
    ['a session token alone', { S3_SESSION_TOKEN: 'y' }, /^S3_SESSION_TOKEN belongs to temporary keys/],
    ['an object lock without a time', { S3_OBJECT_LOCK_MODE: 'GOVERNANCE' }, /S3_OBJECT_LOCK_FOR=30d/],
    ['an object lock without a mode', { S3_OBJECT_LOCK_FOR: '30d' }, /set S3_OBJECT_LOCK_MODE=GOVERNANCE/],
    ['a KMS key without KMS', { S3_SSE: 'AES256', S3_SSE_KMS_KEY_ID: 'k' }, /needs S3_SSE=aws:kms/],
    ['reading back from an archive', { S3_STORAGE_CLASS: 'glacier', VERIFY: 'download' }, /use VERIFY=head/],
    ['a level that gzip lacks', { COMPRESSION: 'gzip', COMPRESSION_LEVEL: '12' }, /too high for gzip, which ends at 9/],
    ['gzip at whatever level', { COMPRESSION: 'gzip', COMPRESSION_LEVEL: 'auto' }, /LEVEL=auto is for zstd/],
    ['two ways to name the bucket', { BACKUP_BUCKET: 'b-1' }, /^BACKUP_DESTINATION and BACKUP_BUCKET are both set/],
    ['a drill without a key', { VERIFY: 'drill', AGE_RECIPIENTS: 'x' }, /and AGE_IDENTITY is not set/],
    ['a drill without counts', { VERIFY: 'drill', ROW_COUNTS: 'off' }, /remove ROW_COUNTS/],
  ];
  for (const [title, changes, expected] of refused) {
    test(`refuses ${title}`, () => {
      const problems = problemsOf({ ...leastEnv, ...changes });
      assert.equal(problems.filter((problem) => expected.test(problem)).length, 1, problems.join('\n'));
    });
  }

  test('warns about what has no effect', () => {
    const { warnings } = read({ COMPRESSION: 'none', COMPRESSION_LEVEL: '3', STALL_TIMEOUT: '7h' });
    assert.deepEqual(warnings, [
      'STALL_TIMEOUT is longer than BACKUP_TIMEOUT, so it has no effect',
      'COMPRESSION_LEVEL has no effect with COMPRESSION=none',
    ]);
  });
});

describe('secrets', () => {
  const canary = 'canary5f3a';
  const secretNames = variableNames.filter((name) => variables[name].secret === true);
  const valueFor = (name: VariableName): string => {
    if (name === 'DATABASE_URL' || name === 'DRILL_DATABASE_URL') {
      return `postgresql://backup:${canary}@db.example.com/shop`;
    }
    if (name === 'SMTP_URL') return `smtp://user:${canary}@mail.example.com`;
    // A private key is any 32 bytes.
    if (name === 'MANIFEST_SIGNING_KEY') return `MC4CAQAwBQYDK2VwBCIEIA${canary.padEnd(42, 'A')}`;
    if (name === 'AGE_IDENTITY') return `AGE-PLUGIN-TEST-1${canary}`;
    if (name === 'TELEGRAM_BOT_TOKEN') return `123456789:AAEhBOweik9ai2o01${canary}`;
    return name in tellingVariables && /_(?:URL|PROXY)$/.test(name) ? `https://example.com/hook/${canary}` : canary;
  };
  /** What must be set with it. */
  const companions: Partial<Record<VariableName, Environment>> = {
    TELEGRAM_BOT_TOKEN: { TELEGRAM_CHAT_ID: '-100123' },
    SMTP_URL: { EMAIL_FROM: 'backup@example.com', EMAIL_TO: 'ops@example.com' },
  };

  for (const name of secretNames) {
    test(`${name} never shows, neither in a good configuration nor in problems`, () => {
      const good = {
        ...leastEnv,
        S3_ACCESS_KEY_ID: 'k',
        S3_SECRET_ACCESS_KEY: 's',
        ...companions[name],
        [name]: valueFor(name),
      };
      if (name.startsWith('AWS_')) Object.assign(good, { AWS_ACCESS_KEY_ID: canary, AWS_SECRET_ACCESS_KEY: canary });
      const config = readConfig(good);
      assert(config.secrets.some((secret) => secret.reveal().includes(canary)));
      const shown = [JSON.stringify(config), inspect(config, { depth: 20, showHidden: true }), String(config.secrets)];

      const bad = { ...good, [name]: `${valueFor(name)}/%zz:@,[?sslmode=${canary}&${canary}=1\n`, S3_BUKET: canary };
      for (const env of [
        { ...bad, BACKUP_TIMEOUT: 'x' },
        { ...good, [name]: `"${valueFor(name)}"`, COMPRESSION: 'x' },
        { ...good, [`${name}_FILE`]: '/nowhere' },
        ...(variables[name].aliases ?? []).map((alias) => ({ ...good, [alias]: `other-${canary}` })),
      ]) {
        try {
          readConfig(env);
          assert.fail('a bad configuration was accepted');
        } catch (error) {
          assert(error instanceof Failure, String(error));
          shown.push(error.message, error.hint ?? '', inspect(error, { depth: 20 }));
        }
      }
      for (const text of shown) assert(!text.includes(canary), text);
    });
  }

  test('put into the wrong variable, they do not show either', () => {
    const problems = problemsOf({
      DATABASE_URL: leastEnv['DATABASE_URL'],
      PGPORT: `postgresql://u:${canary}@h/d`,
      BACKUP_DESTINATION: `s3://key:${canary}@bucket`,
      S3_ENDPOINT: `https://key:${canary}@s3.example.com`,
      AGE_RECIPIENTS: `AGE-SECRET-KEY-1${canary}`,
    });
    assert(problems.length >= 3, problems.join('\n'));
    assert(!problems.join('\n').includes(canary), problems.join('\n'));
  });
});

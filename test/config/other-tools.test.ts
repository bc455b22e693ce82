import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { variables } from '../../src/config/variables.ts';
import { namesOf } from '../../src/config/variable.ts';
import { otherSettings } from '../../src/config/other-tools.ts';
import { readConfig, readReaderConfig } from '../../src/config/read.ts';
import * as published from './published.ts';
import { assertProblem, problemsWith, read } from './reading.ts';

const day = 86_400_000;
const daily = 'BACKUP_SCHEDULE="@daily"';
const weekly = 'BACKUP_SCHEDULE="@weekly"';

/** What an environment is read as, in short. */
function inShort({ source, store, form, retention }: Config): Record<string, unknown> {
  const { user, host, port, database, password } = source.connection;
  return {
    database: `${user}:${password?.reveal() ?? ''}@${host}:${port}/${database}`,
    store: store.kind === 's3' ? `${store.bucket}/${store.prefix} in ${store.region}` : store.path,
    endpoint: store.kind === 's3' ? store.endpoint : undefined,
    keys: store.kind === 's3' && `${store.accessKeyId?.reveal() ?? ''} ${store.secretAccessKey?.reveal() ?? ''}`,
    dumpArgs: source.dumpArgs.join(' '),
    encryption: form.encryption.kind === 'gpg-passphrase' ? form.encryption.passphrase.reveal() : form.encryption.kind,
    kept: retention && { days: (retention.withinMs ?? 0) / day, weeks: retention.weekly, months: retention.monthly },
  };
}

const cases: [published.Published, Record<string, unknown>, RegExp[]][] = [
  [published.schickling, {}, []],
  [
    published.eeshugerman,
    {
      database: 'user:password@postgres:5432/dbname',
      store: 'my-bucket/backup in region',
      encryption: 'passphrase',
      kept: { days: 7, weeks: undefined, months: undefined },
    },
    [new RegExp(`^SCHEDULE has no effect: .* the command schedule .*; write ${weekly}$`)],
  ],
  [
    published.siemens,
    {
      database: 'user:password@postgres:5432/dbname',
      store: 'my-bucket/backup in region',
      encryption: 'passphrase',
    },
    [/^SCHEDULE has no effect/, /^ENABLE_METRICS has no effect: set PUSHGATEWAY_URL/],
  ],
  [published.itbm, {}, []],
  [
    published.itbmFull,
    { encryption: 'superstrongpassword', kept: { days: 30, weeks: undefined, months: undefined } },
    [/^ENCRYPTION_PASSWORD encrypts with gpg, not with openssl/, new RegExp(`^SCHEDULE has no .*; write ${daily}$`)],
  ],
  [
    published.itbmKubernetes,
    {
      database: 'user:password@postgres:5432/dbname',
      store: 'my-bucket/ in us-west-1',
      endpoint: 'https://s3',
      kept: { days: 15, weeks: undefined, months: undefined },
    },
    [],
  ],
  [
    published.railway,
    {
      database: 'postgres:password@postgres.railway.internal:5432/railway',
      store: 'my-bucket/postgres in auto',
      endpoint: 'https://0123456789abcdef.r2.cloudflarestorage.com',
      dumpArgs: '--exclude-table=pattern',
    },
    [/^BACKUP_CRON_SCHEDULE has no .*; write BACKUP_SCHEDULE="0 5 \* \* \*"$/, /^RUN_ON_STARTUP has no effect/],
  ],
  [
    published.render,
    {
      database: 'user:password@dpg-0123456789-a:5432/dbname',
      store: 'your-username-dbname-render-postgres-backups/ in us-west-2',
      keys: 'AKIAXXXXXXXXXXXXXXXX secret',
    },
    [],
  ],
];

describe('the environment that another tool publishes is understood', () => {
  const usual = {
    database: 'user:password@localhost:5432/dbname',
    store: 'my-bucket/backup in us-east-1',
    endpoint: undefined,
    keys: 'key secret',
    dumpArgs: '',
    encryption: 'none',
    kept: undefined,
  };
  for (const [{ tool, source, env }, expected, warnings] of cases) {
    test(`${tool} (${source})`, () => {
      const config = readConfig(env);
      assert.deepEqual(inShort(config), { ...usual, ...expected });
      assert.equal(config.warnings.length, warnings.length, config.warnings.join('\n'));
      for (const [index, warning] of warnings.entries()) assert.match(config.warnings[index] ?? '', warning);
    });
  }

  test(`${published.prodrigestivill.tool}, which has only to be told the place`, () => {
    const { env } = published.prodrigestivill;
    assert.throws(() => readConfig(env), /neither BACKUP_DESTINATION nor S3_BUCKET is set/);
    const config = readConfig({ ...env, BACKUP_DIR: '/backups' });
    assert.deepEqual(inShort(config), {
      ...usual,
      database: 'username:password@postgres:5432/database',
      store: '/backups',
      keys: false,
      dumpArgs: '--schema=public --blobs',
      kept: { days: 7, weeks: 4, months: 6 },
    });
    assert.deepEqual(
      config.warnings.map((warning) => warning.split(' ')[0]),
      ['POSTGRES_EXTRA_OPTS', 'SCHEDULE', 'HEALTHCHECK_PORT'],
    );
  });
});

describe('a setting that would leave another backup than asked for is refused', () => {
  const refusals: [Record<string, string>, RegExp][] = [
    [{ BACKUP_FILE: 'backup/dbname.sql.gz' }, /^BACKUP_FILE is not supported; .* the command restore/],
    [{ RUN_MODE: 'restore' }, /^RUN_MODE is not supported; .* the command restore/],
    [{ ENABLE_ENCRYPTION: 'true' }, /^ENABLE_ENCRYPTION is not supported; set AGE_RECIPIENTS/],
    [{ BACKUP_ENCRYPTION_KEY: 'canary' }, /^BACKUP_ENCRYPTION_KEY is not supported; set AGE_RECIPIENTS/],
    [{ S3_PATH: 's3://bucket/prefix' }, /^S3_PATH is not supported; set S3_PREFIX, or BACKUP_DESTINATION/],
    [{ KEEP_LAST: '3', BACKUP_KEEP_MINS: '1440' }, /^BACKUP_KEEP_MINS is not supported; set KEEP_WITHIN/],
    [{ BACKUP_KEEP_DAYS: '1', BACKUP_KEEP_MINS: '1441' }, /^BACKUP_KEEP_MINS is not supported/],
    [{ POSTGRES_HOST: 'other' }, /^DATABASE_URL and POSTGRES_HOST name different hosts/],
    [{ POSTGRES_DATABASE: 'other' }, /^DATABASE_URL and POSTGRES_DATABASE name different databases/],
  ];
  for (const [env, problem] of refusals) {
    test(Object.keys(env).join(' and '), () => {
      assertProblem(env, problem);
      assert.doesNotMatch(problemsWith(env).join(), /canary/);
    });
  }

  test('but not where it changes nothing', () => {
    for (const env of [
      {
        RUN_MODE: 'backup',
        ENABLE_ENCRYPTION: 'false',
        SINGLE_SHOT_MODE: 'true',
        S3_S3V4: 'no',
        RUN_ON_STARTUP: 'false',
      },
      { BACKUP_KEEP_MINS: '1440' },
      { BACKUP_KEEP_DAYS: '1', BACKUP_KEEP_MINS: '1440' },
      { POSTGRES_HOST: 'db.example.com', POSTGRES_DATABASE: 'shop' },
    ]) {
      assert.deepEqual(read(env).warnings, []);
    }
  });

  test('POSTGRES_DB, which may be that of the server, is only told', () => {
    assert.match(
      read({ POSTGRES_DB: 'postgres' }).warnings.join(),
      /different databases; that of DATABASE_URL is backed/,
    );
  });

  test('a command that reads backups takes them as they are', () => {
    const env = {
      BACKUP_DESTINATION: 's3://my-backups',
      BACKUP_FILE: 'x',
      RUN_MODE: 'restore',
      BACKUP_ENCRYPTION_KEY: 'x',
    };
    assert.equal(readReaderConfig(env).warnings.length, 3);
  });
});

test('no setting of another tool is also a variable', () => {
  const ours = new Set(Object.entries(variables).flatMap(([name, about]) => namesOf(name, about)));
  assert.deepEqual(
    Object.keys(otherSettings).filter((name) => ours.has(name)),
    [],
  );
});

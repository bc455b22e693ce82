import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { namesOf } from '../../src/config/variable.ts';
import { variables } from '../../src/config/variables.ts';
import { readConfig } from '../../src/config/read.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { assertProblem, leastEnv, problemsOf, read } from './reading.ts';

const day = 86_400_000;

describe('what other tools write is read as it is meant', () => {
  const none = Object.fromEntries(
    Object.entries(variables)
      .flatMap(([name, about]) => namesOf(name, about))
      .filter((name) => !['DATABASE_URL', 'BACKUP_DESTINATION'].includes(name))
      .map((name) => [name, '**None**']),
  );
  test('**None**, with which their images begin, is not set', () => {
    assert.deepEqual({ ...read(none) }, { ...read() });
  });

  const ages: [string, number][] = [
    ['30 days ago', 30],
    ['15 day', 15],
    ['2 weeks ago', 14],
    ['1 month ago', 31],
    ['1 year ago', 366],
    ['48 hours ago', 2],
  ];
  for (const [text, days] of ages) {
    test(`DELETE_OLDER_THAN=${text}`, () => {
      assert.equal(read({ DELETE_OLDER_THAN: text }).retention?.withinMs, days * day);
    });
  }
  test('DELETE_OLDER_THAN in other words is refused: something would be removed too early, or never', () => {
    assertProblem({ DELETE_OLDER_THAN: 'last full moon' }, /^DELETE_OLDER_THAN="last full moon" is not a duration/);
    assertProblem({ DELETE_OLDER_THAN: '5 minutes ago' }, /^DELETE_OLDER_THAN=.* is shorter than 1d/);
  });

  for (const [text, ms] of [
    ['2h', 2 * 3_600_000],
    ['1h30m', 5_400_000],
    ['90m10s', 5_410_000],
    ['0', 6 * 3_600_000],
    ['0s', 6 * 3_600_000],
  ] as const) {
    test(`COMMAND_TIMEOUT=${text}`, () => {
      assert.equal(read({ COMMAND_TIMEOUT: text }).run.timeoutMs, ms);
    });
  }

  test('formats and compression', () => {
    const form = (env: Record<string, string>): string => {
      const { format, compression } = read(env).form;
      return `${format} ${compression}`;
    };
    assert.equal(form({ USE_CUSTOM_FORMAT: 'yes', COMPRESSION_CMD: 'pigz' }), 'custom gzip');
    assert.equal(form({ USE_CUSTOM_FORMAT: 'no', COMPRESSION_CMD: 'zstd' }), 'plain zstd');
    assertProblem({ USE_CUSTOM_FORMAT: 'maybe' }, /^USE_CUSTOM_FORMAT="maybe" is not one of custom, plain/);
    assert.match(read({ COMPRESSION_CMD: 'xz -9' }).warnings.join(), /^COMPRESSION_CMD has no effect/);
    assert.match(read({ COMPRESSION_CMD: 'gzip -9' }).warnings.join(), /COMPRESSION=gzip, without its arguments/);
  });

  test('options of pg_dump that change nothing about the contents are told and left out', () => {
    const { source, warnings } = read({
      POSTGRES_EXTRA_OPTS: `-Z6 -v -F c --compress=gzip:9 -t 'odd -Fc name' -Z 9 --format=custom -n "it's"`,
    });
    assert.deepEqual(source.dumpArgs, ['-t', 'odd -Fc name', '-n', "it's"]);
    assert.deepEqual(warnings, [
      'POSTGRES_EXTRA_OPTS has -Z6 -v -F c --compress=gzip:9 -Z 9 --format=custom, which has no effect: see BACKUP_FORMAT, COMPRESSION, COMPRESSION_LEVEL and LOG_LEVEL',
    ]);
    for (const refused of ['-Fd', '--format=plain', '-j4', '--schema-only']) {
      assertProblem({ BACKUP_OPTIONS: refused }, /^BACKUP_OPTIONS has .*, which is refused/);
    }
  });

  test('options for all programs and options for pg_dump are both followed', () => {
    const { source } = read({ POSTGRES_EXTRA_OPTS: '--no-owner', POSTGRES_EXTRA_DUMP_OPTS: '-T public.foo' });
    assert.deepEqual(source.dumpArgs, ['--no-owner', '-T', 'public.foo']);
  });

  test('a prefix of file names keeps databases of the same name apart', () => {
    const env = { BACKUP_DESTINATION: '', S3_BUCKET: 'my-backups' };
    const prefix = (changes: Record<string, string>): unknown => {
      const { store } = read({ ...env, ...changes });
      return store.kind === 's3' && store.prefix;
    };
    assert.equal(prefix({ BACKUP_FILE_PREFIX: 'staging' }), 'staging');
    assert.equal(prefix({ BACKUP_FILE_PREFIX: 'backup' }), '');
    assert.equal(prefix({ BACKUP_FILE_PREFIX: 'staging', BUCKET_SUBFOLDER: 'pg/' }), 'pg/staging');
    assert.match(read({ ...env, BACKUP_FILE_PREFIX: 'staging' }).warnings.join(), /write S3_PREFIX=staging$/);
  });

  test('an address without a scheme is reached by https', () => {
    const { store, warnings } = read({ S3_ENDPOINT: 'minio.example.com:9000' });
    assert.equal(store.kind === 's3' && store.endpoint, 'https://minio.example.com:9000');
    assert.match(warnings.join(), /^S3_ENDPOINT has no scheme, so https:\/\/ is used/);
  });

  test('a folder for files is the place only where there is no other', () => {
    const { store, warnings } = read({ BACKUP_DIR: '/backups' });
    assert.equal(store.kind, 's3');
    assert.match(warnings.join(), /^BACKUP_DIR has no effect/);
  });
});

describe('several databases', () => {
  const asked = (env: Record<string, string>): { names: unknown; warnings: readonly string[] } => {
    const { DATABASE_URL: _, ...place } = leastEnv;
    const { databases, source, warnings } = readConfig({
      ...place,
      POSTGRES_HOST: 'db',
      POSTGRES_USER: 'backup',
      ...env,
    });
    return { names: databases?.names === 'all' ? '*' : (databases?.names ?? source.connection.database), warnings };
  };
  const cases: [Record<string, string>, unknown][] = [
    [{ POSTGRES_DATABASE: 'shop' }, 'shop'],
    [{ POSTGRES_DATABASE: 'my shop' }, 'my shop'],
    [{ POSTGRES_DATABASE: 'shop, crm' }, ['shop', 'crm']],
    [{ POSTGRES_DATABASE: 'shop,my crm' }, ['shop', 'my crm']],
    [{ POSTGRES_DATABASE: 'all' }, '*'],
    [{ POSTGRES_DB: 'shop crm,hr' }, ['shop', 'crm', 'hr']],
    [{ POSTGRES_DB: 'shop', POSTGRES_CLUSTER: 'TRUE' }, '*'],
    [{ POSTGRES_BACKUP_ALL: 'true', POSTGRES_DATABASE: 'a,b' }, '*'],
    [{ BACKUP_ALL: 'false', POSTGRES_DATABASE: 'shop' }, 'shop'],
    [{ DATABASES: 'hr', POSTGRES_DATABASE: 'a,b' }, ['hr']],
  ];
  for (const [env, names] of cases) {
    test(JSON.stringify(env), () => {
      assert.deepEqual(asked(env).names, names);
    });
  }

  test('are told, with what to write; one database named all is not hidden by the word', () => {
    assert.deepEqual(asked({ POSTGRES_DATABASE: 'shop,my crm' }).warnings, [
      'POSTGRES_DATABASE names several databases, each of which gets a backup of its own; write DATABASES=shop,"my crm"',
    ]);
    assert.match(asked({ POSTGRES_DATABASE: 'all' }).warnings.join(), /write DATABASES=\*, or DATABASES=all for one/);
    assert.equal(asked({ PGDATABASE: 'all' }).names, 'all');
    assert.deepEqual(asked({ PGDATABASE: 'all' }).warnings, []);
  });

  test('in a file, one a line, are told to be written otherwise', () => {
    const { DATABASE_URL: _, ...place } = leastEnv;
    const file = join(temporaryFolder(), 'databases');
    writeFileSync(file, 'shop\ncrm\n');
    const env = { ...place, POSTGRES_HOST: 'db', POSTGRES_USER: 'backup', POSTGRES_DB_FILE: file };
    assert.deepEqual(problemsOf(env), ['POSTGRES_DB_FILE names several databases; write DATABASES=shop,crm']);
    writeFileSync(file, 'shop\n');
    assert.equal(readConfig(env).source.connection.database, 'shop');
  });

  test('a switch that is neither on nor off is refused', () => {
    assertProblem({ POSTGRES_BACKUP_ALL: 'maybe' }, /^POSTGRES_BACKUP_ALL is neither true nor false/);
  });
});

test('every schedule is told in the words of BACKUP_SCHEDULE where it can be', () => {
  const told = (value: string): string | undefined =>
    / write BACKUP_SCHEDULE="(.*)"$/.exec(read({ SCHEDULE: value }).warnings.join())?.[1];
  assert.equal(told('@midnight'), '@daily');
  assert.equal(told('0 30 3 * * 1-5'), '30 3 * * 1-5');
  assert.equal(told('*/15  * * * *'), '*/15 * * * *');
  assert.equal(told('@every 1h30m'), undefined);
  assert.equal(told('30 30 3 * * *'), undefined);
});

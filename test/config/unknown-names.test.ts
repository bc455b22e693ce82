import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertProblem, leastEnv, problemsOf, read } from './reading.ts';

describe('names that are not read', () => {
  const near: [string, string][] = [
    ['S3_BUKET', 'S3_BUCKET'],
    ['S3_ACESS_KEY_ID', 'S3_ACCESS_KEY_ID'],
    ['AWS_S3_BUCKETNAME', 'AWS_S3_BUCKET_NAME'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['PGPASSWROD', 'PGPASSWORD'],
    ['PGDATABSE', 'PGDATABASE'],
    ['COMPRESION', 'COMPRESSION'],
    ['COMPRESSION_LVL', 'COMPRESSION_LEVEL'],
    ['BACKUP_TIMEOUTS', 'BACKUP_TIMEOUT'],
    ['KEEP_DAYLY', 'KEEP_DAILY'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['s3_bucket', 'S3_BUCKET'],
    ['PGPASSWORD_FIEL', 'PGPASSWORD_FILE'],
  ];
  for (const [name, meant] of near) {
    test(`${name} is told to be nearly ${meant}`, () => {
      const { warnings } = read({ [name]: 'canary' });
      assert.deepEqual(warnings, [
        `${name} is not a variable of this program and has no effect; did you mean ${meant}?`,
      ]);
    });
  }

  test('a name that is nearly that of a missing variable is told in its place', () => {
    const { DATABASE_URL: url, BACKUP_DESTINATION: destination } = leastEnv;
    assert.deepEqual(problemsOf({ DATABSE_URL: url, BACKUP_DESTINATON: destination }), [
      'DATABASE_URL is not set, but DATABSE_URL is; did you mean DATABASE_URL?',
      'BACKUP_DESTINATION is not set, but BACKUP_DESTINATON is; did you mean BACKUP_DESTINATION?',
    ]);
    assert.match(problemsOf({ DATABASE_URI: url, S3_BUKET: 'x' }).join(), /^DATABASE_URL is not set, but DATABASE_URI/);
  });

  test('warnings stand beside the problems that end the run', () => {
    const told =
      /has a problem:\n {2}- BACKUP_TIMEOUT=.*\nBesides, to look at:\n {2}- S3_REGON is not a variable .*S3_REGION\?$/;
    assert.throws(() => read({ BACKUP_TIMEOUT: 'x', S3_REGON: 'x' }), { kind: 'config', message: told });
  });

  test('a name that begins like ours is told even if it is near to nothing', () => {
    assert.deepEqual(read({ BACKUP_TELEPORT_EVERYTHING: 'x' }).warnings, [
      'BACKUP_TELEPORT_EVERYTHING is not a variable of this program and has no effect',
    ]);
  });

  test('an unset name is not told', () => {
    assert.deepEqual(read({ S3_BUKET: '', BACKUP_X: undefined }).warnings, []);
  });

  test('a mistyped encryption setting stops the run rather than store a backup unencrypted', () => {
    assertProblem(
      { AGE_RECEIPIENTS: 'age1' },
      /^AGE_RECEIPIENTS is not a variable .*did you mean AGE_RECIPIENTS\? set/,
    );
    assertProblem({ AGE_PASSPHRASE: 'hidden' }, /^AGE_PASSPHRASE is not a variable .* set AGE_RECIPIENTS to encrypt/);
    assertProblem({ GPG_PASPHRASE: 'hidden' }, /^GPG_PASPHRASE is not .* did you mean GPG_PASSPHRASE\?/);
    assertProblem({ PASSPHRSE: 'hidden' }, /^PASSPHRSE is not .* did you mean PASSPHRASE\?/);
    assert.equal(read({ AGE_PASSPHRASE: 'x', GPG_PASSPHRASE: 'y' }).warnings.length, 1);
  });

  test('the schedules of other images are told to have no effect', () => {
    for (const name of ['SCHEDULE', 'CRON_SCHEDULE', 'BACKUP_CRON_SCHEDULE', 'CRON_EXPRESSION']) {
      assert.match(
        read({ [name]: '@daily' }).warnings.join(),
        new RegExp(`^${name} has no effect: .* platform's cron`),
      );
    }
  });

  const ordinary: Record<string, string> = {
    'a shell':
      'PATH HOME USER SHELL PWD OLDPWD LANG LC_ALL TERM HOSTNAME SHLVL LOGNAME MAIL EDITOR DISPLAY TMPDIR TZ _ LS_COLORS SSH_AUTH_SOCK XDG_RUNTIME_DIR GPG_TTY GPG_AGENT_INFO DEBUG HOST PORT VERSION NAME',
    'base images':
      'NODE_VERSION YARN_VERSION NODE_ENV GPG_KEY GPG_KEYS PG_MAJOR PG_VERSION PGDATA GOSU_VERSION PYTHON_VERSION',
    'npm, CI and GitHub':
      'npm_config_registry npm_lifecycle_event npm_package_json INIT_CWD CI GITHUB_ACTIONS GITHUB_TOKEN GITHUB_REF RUNNER_OS RUNNER_TEMP',
    Kubernetes:
      'KUBERNETES_SERVICE_HOST KUBERNETES_PORT KUBERNETES_PORT_443_TCP KUBERNETES_PORT_443_TCP_ADDR POSTGRES_SERVICE_HOST POSTGRES_SERVICE_PORT POSTGRES_PORT_5432_TCP S3_SERVICE_HOST S3_SERVICE_PORT S3_PORT S3_PORT_9000_TCP S3_PORT_9000_TCP_ADDR BACKUP_SERVICE_HOST BACKUP_PORT',
    'Render, Railway and Fly':
      'RENDER RENDER_SERVICE_ID RENDER_GIT_COMMIT IS_PULL_REQUEST RAILWAY_ENVIRONMENT RAILWAY_SERVICE_NAME FLY_APP_NAME FLY_REGION PRIMARY_REGION REDIS_URL',
    AWS: 'AWS_PROFILE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_EXECUTION_ENV AWS_STS_REGIONAL_ENDPOINTS AWS_ENDPOINT_URL_STS AWS_CONFIG_FILE AWS_CA_BUNDLE AWS_EC2_METADATA_DISABLED AWS_MAX_ATTEMPTS ECS_CONTAINER_METADATA_URI_V4 AWS_REQUEST_CHECKSUM_CALCULATION',
    PostgreSQL:
      'PGAPPNAME PGTZ PGDATESTYLE PGGSSENCMODE PGSSLCRL PGSSLSNI PGCHANNELBINDING PGTARGETSESSIONATTRS PGCLIENTENCODING PGSYSCONFDIR POSTGRES_INITDB_ARGS POSTGRES_HOST_AUTH_METHOD DATABASE_HOST DATABASE_NAME DATABASE_USER DATABASE_PASSWORD',
    proxies: 'HTTP_PROXY HTTPS_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS NODE_OPTIONS',
  };
  for (const [place, names] of Object.entries(ordinary)) {
    test(`the ordinary names of ${place} raise no alarm`, () => {
      const changes = Object.fromEntries(names.split(' ').map((name) => [name, 'x']));
      assert.deepEqual(read(changes).warnings, []);
    });
  }

  test('a problem with another setting does not hide the warnings about encryption', () => {
    const problems = problemsOf({ ...leastEnv, AGE_RECEIPIENTS: 'x', VERIFY: 'x' });
    assert.equal(problems.length, 2);
  });
});

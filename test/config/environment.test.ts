import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { variables } from '../../src/config/variables.ts';
import { assertProblem, leastEnv, problemsWith, read } from './reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-environment-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('secrets in files', () => {
  test('fault 60: the line breaks at the end are no part of the secret, other white space is', () => {
    const { source } = read({
      DATABASE_URL: 'postgresql://backup@db/shop',
      PGPASSWORD_FILE: file('password', ' p w \n\r\n'),
    });
    assert.equal(source.connection.password?.reveal(), ' p w ');
  });

  test('fault 60: a missing file, a folder and an empty file are told by name and cause, without a path', () => {
    assertProblem({ PGPASSWORD_FILE: join(folder, 'missing') }, /^PGPASSWORD_FILE names a file .*\(ENOENT\)/);
    assertProblem({ GPG_PASSPHRASE_FILE: folder }, /^GPG_PASSPHRASE_FILE names a file .*\(EISDIR\)/);
    assertProblem({ GPG_PASSPHRASE_FILE: file('empty', '\n') }, /^GPG_PASSPHRASE_FILE names a file that is empty/);
  });

  test('a secret and its file together are refused', () => {
    assertProblem(
      { GPG_PASSPHRASE: 'one', GPG_PASSPHRASE_FILE: file('both', 'one') },
      /^GPG_PASSPHRASE and GPG_PASSPHRASE_FILE are both set; keep one of them$/,
    );
  });

  test('the whole database URL, and other names of a secret, may come from files too', () => {
    const config = read({
      DATABASE_URL: undefined,
      BACKUP_DATABASE_URL_FILE: file('url', 'postgresql://u:fromfile@db/shop\n'),
      PASSPHRASE_FILE: file('phrase', 'open sesame\n'),
    });
    assert.equal(config.source.connection.password?.reveal(), 'fromfile');
    const { encryption } = config.form;
    assert(encryption.kind === 'gpg-passphrase' && encryption.passphrase.reveal() === 'open sesame');
    assert(config.secrets.some((secret) => secret.reveal() === 'open sesame'));
  });

  test('a setting that is no secret has no file', () => {
    assert.match(read({ S3_REGION_FILE: '/x' }).warnings.join(), /^S3_REGION_FILE is not a variable of this program/);
  });
});

describe('names', () => {
  test('every other name sets the same variable', () => {
    assert.equal(read({ BACKUP_DESTINATION: undefined, AWS_S3_BUCKET: 'b-1' }).store.kind, 's3');
    assert.deepEqual(read({ PGDUMP_EXTRA_OPTS: '--no-owner' }).source.dumpArgs, ['--no-owner']);
    const { connection } = read({
      DATABASE_URL: undefined,
      POSTGRES_HOST: 'h',
      POSTGRES_PORT: '6000',
      POSTGRES_USER: 'u',
      POSTGRES_PASSWORD: 'p',
      POSTGRES_DB: 'd',
    }).source;
    assert.deepEqual(
      [connection.host, connection.port, connection.user, connection.password?.reveal(), connection.database],
      ['h', 6000, 'u', 'p', 'd'],
    );
  });

  test('two names with one value are fine, with different values both are named', () => {
    assert.equal(read({ PASSPHRASE: 'a', GPG_PASSPHRASE: 'a' }).form.encryption.kind, 'gpg-passphrase');
    assertProblem(
      { GPG_PASSPHRASE: 'a', ENCRYPTION_PASSWORD: 'b' },
      /^GPG_PASSPHRASE and ENCRYPTION_PASSWORD mean the same but have different values; set only GPG_PASSPHRASE$/,
    );
  });

  test('a name of the platform only counts where none of ours is set, and never contradicts', () => {
    const ours = read({ S3_REGION: 'eu-west-1', AWS_REGION: 'us-east-2' }).store;
    assert(ours.kind === 's3' && ours.region === 'eu-west-1');
    const theirs = read({ AWS_REGION: 'us-east-2', AWS_DEFAULT_REGION: 'us-west-1' }).store;
    assert(theirs.kind === 's3' && theirs.region === 'us-east-2');
  });

  test('an empty value counts as unset', () => {
    assert.deepEqual(read({ COMPRESSION: '', S3_REGION: ' ', PASSPHRASE: '' }), read());
  });

  test('a file that belongs to another user tells for whom it must be readable', () => {
    const path = join(folder, 'foreign');
    writeFileSync(path, 'canary', { mode: 0 });
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(10001);
    try {
      assertProblem({ PGPASSWORD_FILE: path }, /cannot be read \(EACCES\); the image runs as user 10001: chown 10001 /);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('the service links of Kubernetes are not taken for a port', () => {
    assert.equal(read({ POSTGRES_PORT: 'tcp://10.0.0.7:5432' }).source.connection.port, 5432);
  });

  test('quotes that an env file left in a value are pointed out', () => {
    assert.match(problemsWith({ COMPRESSION: '"gzip"' })[0] ?? '', /the quotes are part of the value/);
    assert.match(problemsWith({ DATABASE_URL: `"${leastEnv['DATABASE_URL'] ?? ''}"` })[0] ?? '', /begins with a quote/);
  });

  test('no name means two variables', () => {
    const names = Object.entries(variables).flatMap(([name, variable]) => [
      name,
      ...(variable.aliases ?? []),
      ...(variable.fallbacks ?? []),
    ]);
    assert.equal(new Set(names).size, names.length);
  });
});

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { ConnectionConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { assertProblem, read } from './reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-connection-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function connect(url: string | undefined, env: Environment = {}): ConnectionConfig {
  return read({ DATABASE_URL: url, ...env }).source.connection;
}

function file(name: string, content: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

describe('readConnection', () => {
  test("fills in what the URL leaves out from libpq's variables, then with libpq's defaults", () => {
    const bare = connect('postgresql://backup@db');
    assert.deepEqual(
      [bare.port, bare.database, bare.sslMode, bare.password, bare.connectTimeoutSeconds],
      [5432, 'backup', 'prefer', undefined, 30],
    );
    const env = {
      PGPORT: '6432',
      PGDATABASE: 'crm',
      PGSSLMODE: 'require',
      PGPASSWORD: 'x',
      PGCONNECT_TIMEOUT: '5',
    };
    const filled = connect('postgresql://backup@db', env);
    assert.deepEqual(
      [filled.port, filled.database, filled.sslMode, filled.password?.reveal(), filled.connectTimeoutSeconds],
      [6432, 'crm', 'require', 'x', 5],
    );
    const url = connect('postgres://u:p@db:1/d?sslmode=disable&connect_timeout=9', env);
    assert.deepEqual(
      [url.port, url.database, url.sslMode, url.password?.reveal(), url.connectTimeoutSeconds],
      [1, 'd', 'disable', 'p', 9],
    );
  });

  test('parameters of the URL win over its other parts', () => {
    const { host, port, user, database, password } = connect(
      'postgresql:///x?host=/var/run/postgresql&port=7&user=u&dbname=d&password=a%40b',
    );
    assert.deepEqual([host, port, user, database, password?.reveal()], ['/var/run/postgresql', 7, 'u', 'd', 'a@b']);
  });

  test('carries the other settings of libpq in its environment variables', () => {
    const { libpqEnvironment } = connect(
      'postgresql://u@db/d?options=-c%20work_mem%3D1MB&channel_binding=require&gssencmode=disable',
      { PGTARGETSESSIONATTRS: 'read-only', PGOPTIONS: '-c overridden=1' },
    );
    assert.deepEqual(libpqEnvironment, {
      PGOPTIONS: '-c work_mem=1MB',
      PGCHANNELBINDING: 'require',
      PGGSSENCMODE: 'disable',
      PGTARGETSESSIONATTRS: 'read-only',
    });
  });

  test("tells which parameters of other drivers have no effect, and refuses what it doesn't know", () => {
    const { warnings } = read({ DATABASE_URL: 'postgresql://u@db/d?schema=public&pgbouncer=true&connection_limit=1' });
    assert.deepEqual(
      warnings.map((warning) => /the parameter (\w+), which has no effect/.exec(warning)?.[1]),
      ['schema', 'pgbouncer', 'connection_limit'],
    );
    assertProblem({ DATABASE_URL: 'postgresql://u@db/d?sslmod=require' }, /the unknown parameter "sslmod"; .*sslmode/);
    assertProblem({ DATABASE_URL: 'postgresql://u@db/d?hostaddr=10.0.0.1' }, /hostaddr, which is not supported; write/);
    assertProblem({ DATABASE_URL: 'postgresql://u@db/d?sslmode=no-verify' }, /sslmode that libpq does not know/);
  });

  test('ssl=true means sslmode=require, and sslrootcert=system means verify-full', () => {
    assert.equal(connect('postgresql://u@db/d?ssl=true').sslMode, 'require');
    assert.equal(connect('postgresql://u@db/d?sslrootcert=system').sslMode, 'verify-full');
    assertProblem({ DATABASE_URL: 'postgresql://u@db/d?sslrootcert=system&sslmode=require' }, /PGSSLMODE=verify-full/);
  });

  test('knows what was said and where, for the words of a failed connection', () => {
    const { unnamed, variable } = connect('postgresql://backup@db');
    assert.deepEqual([unnamed, variable], [true, undefined]);
    const named = connect(undefined, { PGHOST: 'db', PGUSER: 'u', PGDATABASE: 'shop' });
    assert.deepEqual([named.unnamed, named.variable], [undefined, 'PGHOST']);
    const target = read({ DRILL_DATABASE_URL: 'postgresql://u@db/d' }).drill.databaseUrl;
    assert.equal(target?.variable, 'DRILL_DATABASE_URL');
  });

  test('names what is missing', () => {
    assertProblem({ DATABASE_URL: 'postgresql://u:p@/shop' }, /^DATABASE_URL names no host/);
    assertProblem({ DATABASE_URL: 'postgresql://db/shop' }, /no user to log in as; .* PGUSER=backup$/);
    assertProblem({ DATABASE_URL: undefined, PGHOST: 'db' }, /^PGHOST is set, but no user to log in as/);
    assertProblem({ DATABASE_URL: undefined, PGHOST: 'a,b', PGUSER: 'u' }, /^PGHOST names several hosts/);
    assertProblem({ PGSERVICE: 'shop' }, /^PGSERVICE is not supported; set DATABASE_URL/);
  });

  test('checks the files of TLS before anything is contacted', () => {
    assertProblem({ PGSSLROOTCERT: '/nowhere/ca.pem' }, /^PGSSLROOTCERT names a file that cannot be read/);
    assertProblem({ PGSSLMODE: 'verify-full' }, /^sslmode=verify-full needs a CA to trust; set PGSSLROOTCERT=system/);
    const cert = file('client.crt', '', 0o644);
    assertProblem({ PGSSLCERT: cert }, /^PGSSLCERT and PGSSLKEY belong together/);
    assertProblem({ PGSSLCERT: cert, PGSSLKEY: file('open.key', '', 0o644) }, /^PGSSLKEY .* run chmod 0600/);
    assert.equal(connect('postgresql://u@db/d', { PGSSLCERT: cert, PGSSLKEY: file('k', '', 0o600) }).sslCert, cert);
  });
});

describe('password files', () => {
  const lines = ['# comment', 'other:5432:*:u:wrong', 'd\\:b:5432:*:u:a\\:b\\\\c:d', '*:*:*:u:any', ''].join('\n');

  test('give the password of the first line that fits, with its escapes', () => {
    const PGPASSFILE = file('pgpass', lines, 0o600);
    assert.equal(connect('postgresql://u@d%3Ab/x', { PGPASSFILE }).password?.reveal(), 'a:b\\c:d');
    assert.equal(connect('postgresql://u@elsewhere:1/x', { PGPASSFILE }).password?.reveal(), 'any');
    assert.equal(connect('postgresql://stranger@elsewhere/x', { PGPASSFILE }).password, undefined);
    assert.equal(connect('postgresql://u:own@elsewhere/x', { PGPASSFILE }).password?.reveal(), 'own');
  });

  test('in the home folder count too', () => {
    file('.pgpass', '*:*:*:*:home\n', 0o600);
    assert.equal(connect('postgresql://u@db/x', { HOME: folder }).password?.reveal(), 'home');
  });

  test('fault 60: one that others may read is a problem that says what to run', () => {
    const changes = { DATABASE_URL: 'postgresql://u@db/x', PGPASSFILE: file('open', lines, 0o644) };
    assertProblem(changes, /^PGPASSFILE has the mode 0644, .* run chmod 0600 on it/);
  });

  test('fault 60: a missing one is a problem', () => {
    const changes = { DATABASE_URL: 'postgresql://u@db/x', PGPASSFILE: '/nowhere' };
    assertProblem(changes, /^PGPASSFILE names a file that cannot be read \(ENOENT\)/);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../src/config/secret.ts';
import { libpqEnvironment } from '../../src/postgres/libpq-environment.ts';
import { connectionTo } from './settings.ts';

const server = { port: 5433, password: 'p@ss word' };

test('everything that a connection needs goes into variables, and nothing that was not set', () => {
  assert.deepEqual(libpqEnvironment(connectionTo(server, { database: 'my db', sslMode: 'require' }), 17), {
    PGHOST: '127.0.0.1',
    PGPORT: '5433',
    PGUSER: 'postgres',
    PGPASSWORD: 'p@ss word',
    PGDATABASE: 'my db',
    PGSSLMODE: 'require',
    PGCONNECT_TIMEOUT: '10',
    PGAPPNAME: 'pg-offsite pg_dump',
  });
});

test('certificates and further settings of the URL go in too; our own settings win over them', () => {
  const connection = connectionTo(server, {
    sslMode: 'verify-full',
    sslRootCert: '/ca.pem',
    sslCert: '/client.pem',
    sslKey: '/client.key',
    libpqEnvironment: { PGOPTIONS: '-c x=y', PGCHANNELBINDING: 'require', PGHOST: 'elsewhere' },
  });
  const found = libpqEnvironment(connection, 17);
  assert.deepEqual(
    [
      found['PGSSLROOTCERT'],
      found['PGSSLCERT'],
      found['PGSSLKEY'],
      found['PGOPTIONS'],
      found['PGCHANNELBINDING'],
      found['PGHOST'],
    ],
    ['/ca.pem', '/client.pem', '/client.key', '-c x=y', 'require', '127.0.0.1'],
  );
});

test('the public authorities are a word to libpq 16 and later, and a file to those before', () => {
  const connection = connectionTo(server, { sslRootCert: 'system', sslMode: 'verify-full' });
  assert.equal(libpqEnvironment(connection, 16)['PGSSLROOTCERT'], 'system');
  assert.equal(libpqEnvironment(connection, 15)['PGSSLROOTCERT'], '/etc/ssl/certs/ca-certificates.crt');
});

test('a connection without a password sets none, and one with an empty one too says so', () => {
  assert.equal('PGPASSWORD' in libpqEnvironment(connectionTo({ port: 1, password: undefined }), 17), false);
  const empty = libpqEnvironment(connectionTo(server, { password: new Secret('') }), 17);
  assert.equal(empty['PGPASSWORD'], '');
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../../src/config/read.ts';
import { connectFailure } from '../../src/postgres/connect-failure.ts';

/** The failure of a connection with this address, by an error of the network with this code. */
function failure(address: string, code: string) {
  const { source } = readConfig({ DATABASE_URL: address, BACKUP_DESTINATION: 'file:///backups' });
  return connectFailure(source.connection, Object.assign(new Error(`connect ${code}`), { code }));
}

describe('an address of Supabase without IPv4', () => {
  const direct = 'postgresql://backup:pw@db.abcdefghijklmnopqrst.supabase.co:5432/postgres';
  for (const code of ['ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTUNREACH', 'ENOTFOUND']) {
    test(`${code} is told with the session pooler and its user`, () => {
      const { kind, hint } = failure(direct, code);
      assert.equal(kind, 'database');
      assert.match(hint ?? '', /only IPv6, .* session pooler .* port 5432, user backup\.abcdefghijklmnopqrst\.$/);
    });
  }
});

test('another address that cannot be reached gets no advice about Supabase', () => {
  for (const code of ['ENETUNREACH', 'EADDRNOTAVAIL', 'ENOTFOUND']) {
    for (const host of ['db.example.com', 'db.supabase.co.example.org', 'aws-0-eu-central-1.pooler.supabase.com']) {
      assert.doesNotMatch(failure(`postgresql://backup:pw@${host}/shop`, code).hint ?? '', /session pooler/);
    }
  }
});

test('a server that is starting, and a database that may not be connected to, are told with what to do', () => {
  const address = 'postgresql://o"hara:pw@db.example.com/shop';
  const starting = failure(address, '57P03');
  assert.equal(starting.message, 'db.example.com:5432 is not ready: connect 57P03');
  assert.equal(starting.hint, 'The server is starting, stopping or recovering: wait until it takes connections.');
  const forbidden = failure(address, '42501');
  assert.equal(forbidden.message, 'user o"hara may not connect to database shop');
  assert.equal(forbidden.hint, 'As an administrator: GRANT CONNECT ON DATABASE "shop" TO "o""hara";');
});

test('what cannot be reached is named, with what to do', () => {
  const { kind, message, hint, retryable } = failure('postgresql://backup:pw@db.example.com/shop', 'EHOSTUNREACH');
  assert.deepEqual(
    [kind, message, hint, retryable],
    [
      'database',
      'no way to reach db.example.com:5432: connect EHOSTUNREACH',
      'Check firewalls and allow-lists; some providers offer their direct address over IPv6 only.',
      true,
    ],
  );
});

test('a variable that is not DATABASE_URL is the one that a hint names', () => {
  const { source } = readConfig({
    DATABASE_URL: 'postgresql://backup@db.example.com/shop',
    BACKUP_DESTINATION: 'file:///backups',
  });
  const target = { ...source.connection, variable: 'TARGET_DATABASE_URL' };
  for (const error of [
    Object.assign(new Error('x'), { code: 'ENOTFOUND' }),
    new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
    new Error('anything else'),
  ]) {
    assert.match(connectFailure(target, error).hint ?? '', /(?<!\w)TARGET_DATABASE_URL/);
    assert.match(connectFailure(source.connection, error).hint ?? '', /(?<!\w)DATABASE_URL/);
    const libpq = connectFailure({ ...source.connection, variable: 'PGHOST' }, error).hint ?? '';
    assert.match(libpq, /libpq's variables|PGPASSWORD/);
    assert.doesNotMatch(libpq, /DATABASE_URL/);
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSafeVersion, refuseUnsafePsql, safeMinors } from '../../src/postgres/safe-clients.ts';

const read = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');

test('the image is built with the same table, and docs/SUPPLY-CHAIN.md shows it', () => {
  const tables = [...read('Dockerfile').matchAll(/^ARG PG_SAFE_MINORS="(.*)"$/gm)];
  assert.deepEqual(
    tables.map(([, minors]) => minors?.split(' ')),
    [safeMinors],
  );
  const rows = [...read('docs/SUPPLY-CHAIN.md').matchAll(/^\| (\d+) +\| (\S+) +\|$/gm)];
  assert.deepEqual(
    rows.map(([, major, minor]) => [major, minor]),
    safeMinors.map((minor) => [minor.split('.')[0], minor]),
  );
});

test('a version is safe from its minor on, and in every major after the table', () => {
  for (const version of ['14.24', '15.19', '15.20', '17.100', '18.6', '19.0', '19.1', '20.0', '20.1']) {
    assert.ok(isSafeVersion(version), version);
  }
  for (const version of ['13.99', '9.6', '14.23', '15.2', '15.18', '17.10', '18.5', '19beta2', '19', '', 'x']) {
    assert.ok(!isSafeVersion(version), version);
  }
});

test('fault 74: a psql that is too old is refused, and which one is needed', () => {
  const client = { major: 17, version: '17.10', binDir: '/usr/lib/postgresql/17/bin' };
  assert.throws(() => refuseUnsafePsql(client), {
    kind: 'config',
    message: /^psql 17\.10 /,
    hint: /PostgreSQL 17 client in \/usr\/lib\/postgresql\/17\/bin to 17\.11 or newer/,
  });
  refuseUnsafePsql({ ...client, version: '17.11' });
});

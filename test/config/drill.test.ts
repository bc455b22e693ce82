import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readReaderConfig } from '../../src/config/read.ts';
import { assertProblem, leastEnv, read } from './reading.ts';

describe('DRILL_DATABASE_URL', () => {
  test('is a secret and takes nothing from the variables of the database to back up', () => {
    const { drill, secrets } = readReaderConfig({
      ...leastEnv,
      PGPASSWORD: 'of-the-source',
      DRILL_DATABASE_URL: 'postgresql://drill:its-own@spare.example.com:6543/postgres',
    });
    assert.equal(drill.databaseUrl?.host, 'spare.example.com');
    assert.equal(drill.databaseUrl.port, 6543);
    assert.equal(drill.databaseUrl.password?.reveal(), 'its-own');
    assert(secrets.some((secret) => secret.reveal() === 'its-own'));
    const withoutPassword = read({
      PGPASSWORD: 'of-the-source',
      DRILL_DATABASE_URL: 'postgresql://drill@spare/postgres',
    });
    assert.equal(withoutPassword.drill.databaseUrl?.password, undefined);
  });

  test('a URL that is none is a problem that does not show it', () => {
    assertProblem({ DRILL_DATABASE_URL: 'mysql://drill:its-own@spare/db' }, /^DRILL_DATABASE_URL (?!.*its-own)/);
  });

  test('may be left out', () => {
    assert.deepEqual({ ...read().drill }, { databaseUrl: undefined, role: 'ordinary', checkSql: undefined });
  });
});

describe('DRILL_ROLE', () => {
  test('is ordinary unless a superuser is asked for, which a server elsewhere does not heed', () => {
    const asked = read({ DRILL_ROLE: 'superuser' });
    assert.deepEqual([asked.drill.role, asked.warnings], ['superuser', []]);
    const { warnings } = read({ DRILL_ROLE: 'superuser', DRILL_DATABASE_URL: 'postgresql://drill@spare/postgres' });
    assert.deepEqual(warnings, ['DRILL_ROLE has no effect with DRILL_DATABASE_URL, whose user restores']);
    assertProblem({ DRILL_ROLE: 'root' }, /^DRILL_ROLE="root" is not one of ordinary, superuser/);
  });
});

describe('DRILL_CHECK_SQL', () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'pg-offsite-check-'));
    file = join(folder, 'check this.sql');
    writeFileSync(file, '\nSELECT count(*) > 0\nFROM orders;\n');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  test('is a query, the path of a file with one, or comes as DRILL_CHECK_SQL_FILE', () => {
    const query = 'SELECT count(*) > 0\nFROM orders;';
    for (const value of ['SELECT 1 / 2', '/* ours */ SELECT true', '-- ours\nSELECT true', query]) {
      assert.equal(read({ DRILL_CHECK_SQL: value }).drill.checkSql, value);
    }
    assert.equal(read({ DRILL_CHECK_SQL: file }).drill.checkSql, query);
    assert.equal(read({ DRILL_CHECK_SQL_FILE: file }).drill.checkSql, query);
  });

  test('a path that leads to no readable or to an empty file is a problem', () => {
    assertProblem(
      { DRILL_CHECK_SQL: '/config/check.sql' },
      /^DRILL_CHECK_SQL looks like .*ENOENT.*write the query itself/,
    );
    assertProblem({ DRILL_CHECK_SQL: 'check.sql' }, /^DRILL_CHECK_SQL looks like .*ENOENT/);
    assertProblem({ DRILL_CHECK_SQL: folder }, /EISDIR/);
    writeFileSync(join(folder, 'empty'), ' \n');
    assertProblem({ DRILL_CHECK_SQL: join(folder, 'empty') }, /empty/);
  });
});

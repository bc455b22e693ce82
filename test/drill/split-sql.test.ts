import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitSql } from '../../src/drill/split-sql.ts';

const cases: [what: string, sql: string, statements: string[]][] = [
  ['one without a semicolon', ' SELECT 1\n', ['SELECT 1']],
  ['several', 'SELECT 1;SELECT 2 ;\nSELECT 3;', ['SELECT 1', 'SELECT 2', 'SELECT 3']],
  ['nothing', ' ;; -- nothing;\n /* nor; /* here; */ ; */ ;', []],
  ['a comment before one', "-- it's this;\nSELECT 1; -- and; that", ["-- it's this;\nSELECT 1"]],
  ['text', "SELECT 'a;''b;'; SELECT 2", ["SELECT 'a;''b;'", 'SELECT 2']],
  ['a backslash in standard text', "SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", 'SELECT 2']],
  ['a backslash in escaped text', "SELECT E'a\\';'; SELECT 2", ["SELECT E'a\\';'", 'SELECT 2']],
  ['a name', 'SELECT 1 AS "a;""b;"; SELECT 2', ['SELECT 1 AS "a;""b;"', 'SELECT 2']],
  ['dollar quotes', 'SELECT $$a;$$; SELECT $x$ $$;$x$', ['SELECT $$a;$$', 'SELECT $x$ $$;$x$']],
  ['a name with dollars', 'SELECT a$b$ FROM c; SELECT $b$;$b$', ['SELECT a$b$ FROM c', 'SELECT $b$;$b$']],
  ['a parameter that is no quote', 'SELECT $1; SELECT $2', ['SELECT $1', 'SELECT $2']],
  [
    'comments within comments',
    'SELECT /* a; /* b; */ c; */ 1; SELECT 2',
    ['SELECT /* a; /* b; */ c; */ 1', 'SELECT 2'],
  ],
  ['parentheses', 'SELECT (1;2); SELECT 3', ['SELECT (1;2)', 'SELECT 3']],
  ['what is never closed', "SELECT 1; SELECT ';", ['SELECT 1', "SELECT ';"]],
];

for (const [what, sql, statements] of cases) {
  test(what, () => {
    assert.deepEqual(splitSql(sql), statements);
  });
}

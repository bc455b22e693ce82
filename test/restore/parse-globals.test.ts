import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseGlobals } from '../../src/restore/parse-globals.ts';
import type { GlobalsScript } from '../../src/restore/globals-script.ts';

/** As pg_dumpall 17 writes it, and our settings after it. */
const genuine = String.raw`--
-- PostgreSQL database cluster dump
--

\restrict x5MLkerhdk0rAFxsTITgEnBpjaL11sFwFERr3tYhieM8buQqS8wZsV895PPPwjg

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 3 PASSWORD 'SCRAM-SHA-256$4096:8x4g==$75mug0=:DDCw=' VALID UNTIL '2030-01-01 00:00:00+00';
COMMENT ON ROLE app IS E'it''s \\ a "comment"; DROP ROLE x';
SECURITY LABEL FOR anon ON ROLE app IS 'MASKED';
CREATE ROLE "odd ""name"" \ ; é";
ALTER ROLE "odd ""name"" \ ; é" WITH SUPERUSER NOINHERIT;
ALTER ROLE app SET search_path TO 'a b', '$user', 'public';
ALTER ROLE app SET "my.setting" TO E'x\\y';
GRANT app TO "odd ""name"" \ ; é" WITH ADMIN OPTION, INHERIT FALSE, SET FALSE GRANTED BY postgres;
GRANT set TO app WITH INHERIT TRUE GRANTED BY postgres;
GRANT pg_monitor TO app;
GRANT SET ON PARAMETER log_statement TO app WITH GRANT OPTION;
SET SESSION AUTHORIZATION app;
GRANT ALL ON PARAMETER log_statement TO PUBLIC;
RESET SESSION AUTHORIZATION;
CREATE TABLESPACE fast OWNER postgres LOCATION '/mnt/fast';
ALTER TABLESPACE fast SET (random_page_cost=1.5, seq_page_cost=1e2, effective_io_concurrency=9);
REVOKE ALL ON TABLESPACE fast FROM postgres;
GRANT CREATE ON TABLESPACE fast TO app WITH GRANT OPTION;
COMMENT ON TABLESPACE fast IS 'quick';

\unrestrict x5MLkerhdk0rAFxsTITgEnBpjaL11sFwFERr3tYhieM8buQqS8wZsV895PPPwjg

ALTER DATABASE :"DBNAME" SET "search_path" TO 'Sales 2', 'public';
ALTER ROLE "app" IN DATABASE :"DBNAME" SET "work_mem" TO '9MB';
`;

function parsed(sql: string): GlobalsScript {
  const script = parseGlobals(sql);
  assert.ok(!('unknown' in script), JSON.stringify(script));
  return script;
}

test('what pg_dumpall writes is understood, that of PostgreSQL 16 and later too', () => {
  const { roles, memberships, parameters, tablespaces, settings } = parsed(genuine);
  const odd = String.raw`odd "name" \ ; é`;
  assert.deepEqual(roles, [
    {
      name: 'app',
      options: [
        ...'NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS'.split(' '),
        'CONNECTION LIMIT 3',
        "PASSWORD 'SCRAM-SHA-256$4096:8x4g==$75mug0=:DDCw='",
        "VALID UNTIL '2030-01-01 00:00:00+00'",
      ],
      more: [
        String.raw`COMMENT ON ROLE "app" IS E'it''s \\ a "comment"; DROP ROLE x'`,
        `SECURITY LABEL FOR "anon" ON ROLE "app" IS 'MASKED'`,
        `ALTER ROLE "app" SET "search_path" TO 'a b', '$user', 'public'`,
        String.raw`ALTER ROLE "app" SET "my.setting" TO E'x\\y'`,
      ],
    },
    { name: odd, options: ['SUPERUSER', 'NOINHERIT'], more: [] },
  ]);
  assert.deepEqual(memberships, [
    { role: 'app', member: odd, admin: true, inherit: false, set: false, grantor: 'postgres' },
    { role: 'set', member: 'app', admin: false, inherit: true, set: undefined, grantor: 'postgres' },
    { role: 'pg_monitor', member: 'app', admin: false, inherit: undefined, set: undefined, grantor: undefined },
  ]);
  assert.deepEqual(
    parameters.map(({ statement }) => statement),
    [
      'GRANT SET ON PARAMETER "log_statement" TO "app" WITH GRANT OPTION',
      'GRANT ALL ON PARAMETER "log_statement" TO PUBLIC',
    ],
  );
  assert.deepEqual(tablespaces, [
    {
      name: 'fast',
      create: `CREATE TABLESPACE "fast" OWNER "postgres" LOCATION '/mnt/fast'`,
      more: [
        'ALTER TABLESPACE "fast" SET ("random_page_cost" = 1.5, "seq_page_cost" = 1e2, "effective_io_concurrency" = 9)',
        'REVOKE ALL ON TABLESPACE "fast" FROM "postgres"',
        'GRANT CREATE ON TABLESPACE "fast" TO "app" WITH GRANT OPTION',
        `COMMENT ON TABLESPACE "fast" IS 'quick'`,
      ],
    },
  ]);
  assert.deepEqual(settings, [
    { role: undefined, name: 'search_path', assignment: `"search_path" TO 'Sales 2', 'public'` },
    { role: 'app', name: 'work_mem', assignment: `"work_mem" TO '9MB'` },
  ]);
});

describe('a script that holds anything else is refused whole', () => {
  const cases: [what: string, sql: string, begins: string][] = [
    ['a query', 'SELECT pg_reload_conf();', 'SELECT pg_reload_conf'],
    ['a program', "COPY x TO PROGRAM 'id';", 'COPY x TO PROGRAM'],
    ['a command of psql', '\\! id\n', ''],
    ['one after a statement', 'CREATE ROLE y; \\! id\n', ''],
    ['a block', 'DO $$ BEGIN END $$;', ''],
    ['a change of the server', "ALTER SYSTEM SET archive_command TO 'id';", 'ALTER SYSTEM SET archive_command TO'],
    ['a role that is removed', 'DROP ROLE app;', 'DROP ROLE app'],
    [
      'a change of a role that it does not create',
      'ALTER ROLE postgres WITH NOLOGIN;',
      'ALTER ROLE postgres WITH NOLOGIN',
    ],
    ['a setting of such a role', "ALTER ROLE postgres SET work_mem TO '1';", 'ALTER ROLE postgres SET work_mem'],
    ['a setting of another database', "ALTER DATABASE shop SET work_mem TO '1';", 'ALTER DATABASE shop SET work_mem'],
    ['a database of another owner', 'ALTER DATABASE :"DBNAME" OWNER TO app;', 'ALTER DATABASE'],
    ['a variable of psql in another place', 'CREATE ROLE :"DBNAME";', 'CREATE ROLE'],
    ['an escape in a string', String.raw`COMMENT ON ROLE app IS E'\x41';`, ''],
    ['a backslash in an ordinary string', String.raw`COMMENT ON ROLE app IS 'a\';`, ''],
    ['a function in place of a string', 'COMMENT ON ROLE app IS now();', 'COMMENT ON ROLE app IS'],
    ['a role created by another means', 'CREATE USER x SUPERUSER;', 'CREATE USER x SUPERUSER'],
    ['options of its creation', 'CREATE ROLE x IN ROLE postgres;', 'CREATE ROLE x IN ROLE'],
    ['a second password', "ALTER ROLE app WITH PASSWORD 'hidden';", 'ALTER ROLE app WITH PASSWORD'],
    ['a grant on a table', 'GRANT ALL ON TABLE x TO app;', 'GRANT ALL ON TABLE x'],
    [
      'a grant on a tablespace that it does not create',
      'GRANT ALL ON TABLESPACE x TO app;',
      'GRANT ALL ON TABLESPACE x',
    ],
    ['another encoding', "SET client_encoding = 'LATIN1';", 'SET client_encoding'],
    ['another setting of the session', 'SET ROLE postgres;', 'SET ROLE postgres'],
    ['a comment of several lines', '/* x */ CREATE ROLE x;', ''],
    ['an end that is missing', 'CREATE ROLE x', ''],
    ['bytes of another encoding', 'CREATE ROLE "\uFFFD";', ''],
  ];
  for (const [what, sql, begins] of cases) {
    test(what, () => {
      assert.deepEqual(parseGlobals(genuine + sql), { unknown: begins });
    });
  }
});

test('whatever is put into a genuine script, what comes out is of the known kinds', () => {
  const known =
    /^(?:CREATE TABLESPACE |ALTER TABLESPACE |(?:COMMENT|SECURITY LABEL FOR "(?:[^"]|"")*") ON (?:ROLE|TABLESPACE) |ALTER ROLE "(?:[^"]|"")*" SET "|(?:GRANT|REVOKE) (?:ALL|SET|CREATE|ALTER SYSTEM)(?:, \w+)* ON (?:PARAMETER|TABLESPACE) )/;
  const pieces = [`'`, `"`, ';', '\\', '--', '\n', '/*', '$$', `E'`, ' SUPERUSER', ' (SELECT 1)', ', ', ':"DBNAME"'];
  let understood = 0;
  for (let at = 0; at < genuine.length; at += 7) {
    for (const piece of pieces) {
      const script = parseGlobals(genuine.slice(0, at) + piece + genuine.slice(at));
      if ('unknown' in script) continue;
      understood += 1;
      const statements = [
        ...script.roles.flatMap(({ more }) => more),
        ...script.parameters.map(({ statement }) => statement),
        ...script.tablespaces.flatMap(({ create, more }) => [create, ...more]),
      ];
      for (const statement of statements) {
        assert.match(statement, known);
        const bare = statement.replaceAll(/E?'(?:[^'\\]|''|\\\\)*'|"(?:[^"]|"")*"/g, '_');
        assert.match(bare, /^[\w ,.=()]*$/, statement);
      }
    }
  }
  assert.ok(understood > 100);
});

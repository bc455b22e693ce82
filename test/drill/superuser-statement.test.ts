import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { superuserStatement } from '../../src/drill/superuser-statement.ts';

const runs = { numRuns: process.env['SLOW'] === '1' ? 20_000 : 1000 };
const preamble = `--
-- PostgreSQL database dump
--

\\restrict aBc123

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;

--
-- Name: x; Type: EVENT TRIGGER; Schema: -; Owner: -
--

`;
const trigger = (name = 'guard'): string =>
  `CREATE EVENT TRIGGER ${name} ON ddl_command_end\n         WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')\n   EXECUTE FUNCTION audit."Log it"();`;

describe('superuserStatement', () => {
  const understood: readonly [kind: string, name: string, sql: string, expected: readonly string[]][] = [
    [
      'EVENT TRIGGER',
      'guard',
      `${trigger()}\n\n\nALTER EVENT TRIGGER guard ENABLE ALWAYS;\n\\unrestrict aBc123\n`,
      [
        `CREATE EVENT TRIGGER "guard" ON "ddl_command_end" WHEN "tag" IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION "audit"."Log it"()`,
        'ALTER EVENT TRIGGER "guard" DISABLE',
      ],
    ],
    [
      'EVENT TRIGGER',
      'a "b; c',
      'CREATE EVENT TRIGGER "a ""b;\nc" ON login EXECUTE PROCEDURE public.f();',
      [
        'CREATE EVENT TRIGGER "a ""b;\nc" ON "login" EXECUTE FUNCTION "public"."f"()',
        'ALTER EVENT TRIGGER "a ""b;\nc" DISABLE',
      ],
    ],
    [
      'PUBLICATION',
      'everything',
      `CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, update', publish_via_partition_root = true);`,
      [
        `CREATE PUBLICATION "everything" FOR ALL TABLES WITH ("publish" = 'insert, update', "publish_via_partition_root" = true)`,
      ],
    ],
    [
      'PUBLICATION TABLES IN SCHEMA',
      'part Sales 2',
      'ALTER PUBLICATION part ADD TABLES IN SCHEMA "Sales 2";',
      ['ALTER PUBLICATION "part" ADD TABLES IN SCHEMA "Sales 2"'],
    ],
    [
      'FOREIGN DATA WRAPPER',
      'plain',
      'CREATE FOREIGN DATA WRAPPER plain;\nALTER FOREIGN DATA WRAPPER plain OWNER TO "somebody else";',
      ['CREATE FOREIGN DATA WRAPPER "plain"'],
    ],
    [
      'FOREIGN DATA WRAPPER',
      'remote',
      `CREATE FOREIGN DATA WRAPPER remote HANDLER ext.h VALIDATOR ext.v OPTIONS (\n    a 'it''s',\n    "B" ''\n);`,
      [`CREATE FOREIGN DATA WRAPPER "remote" HANDLER "ext"."h" VALIDATOR "ext"."v" OPTIONS ("a" 'it''s', "B" '')`],
    ],
    [
      'FOREIGN DATA WRAPPER',
      'postgresql',
      'CREATE FOREIGN DATA WRAPPER postgresql VALIDATOR postgresql_fdw_validator;',
      ['CREATE FOREIGN DATA WRAPPER "postgresql" VALIDATOR "pg_catalog"."postgresql_fdw_validator"'],
    ],
  ];
  for (const [kind, name, sql, expected] of understood) {
    test(`understands a ${kind} called ${JSON.stringify(name)}`, () => {
      assert.deepEqual(superuserStatement(kind, name, preamble + sql)?.statements, expected);
    });
  }

  const refused: readonly [title: string, kind: string, name: string, sql: string][] = [
    ['another name than the entry says', 'EVENT TRIGGER', 'other', trigger()],
    ['a second statement', 'EVENT TRIGGER', 'guard', `${trigger()} DROP TABLE t;`],
    ['a second statement of the same kind', 'EVENT TRIGGER', 'guard', trigger() + trigger()],
    ['a call with an argument', 'EVENT TRIGGER', 'guard', trigger().replace('()', "('x')")],
    ['a function without a schema', 'EVENT TRIGGER', 'guard', trigger().replace('audit.', '')],
    ['a statement without an end', 'EVENT TRIGGER', 'guard', trigger().slice(0, -1)],
    ['a change of another kind', 'PUBLICATION', 'p', 'CREATE PUBLICATION p FOR ALL TABLES; ALTER ROLE p SUPERUSER;'],
    ['a publication of one table', 'PUBLICATION', 'p', 'CREATE PUBLICATION p FOR TABLE t;'],
    ['a publication of nothing', 'PUBLICATION', 'p', 'CREATE PUBLICATION p;'],
    ['a backslash in a string', 'FOREIGN DATA WRAPPER', 'w', `CREATE FOREIGN DATA WRAPPER w OPTIONS (a '\\');`],
    ['an escape string', 'FOREIGN DATA WRAPPER', 'w', `CREATE FOREIGN DATA WRAPPER w OPTIONS (a E'x');`],
    ['a block comment', 'FOREIGN DATA WRAPPER', 'w', `CREATE FOREIGN DATA WRAPPER w /* */;`],
    ['a dollar quote', 'FOREIGN DATA WRAPPER', 'w', `CREATE FOREIGN DATA WRAPPER w OPTIONS (a $$x$$);`],
    ['a meta-command', 'FOREIGN DATA WRAPPER', 'w', `CREATE FOREIGN DATA WRAPPER w;\n\\! touch /tmp/x\n`],
    ['a query', 'FOREIGN DATA WRAPPER', 'w', `SELECT pg_catalog.now(); CREATE FOREIGN DATA WRAPPER w;`],
    ['bytes of another encoding', 'FOREIGN DATA WRAPPER', 'w\uFFFD', `CREATE FOREIGN DATA WRAPPER "w\uFFFD";`],
    ['an operator class', 'OPERATOR CLASS', 'o', `CREATE OPERATOR CLASS public.o FOR TYPE t USING btree AS STORAGE t;`],
    ['a cast', 'CAST', 'CAST (text AS bigint)', 'CREATE CAST (text AS bigint) WITHOUT FUNCTION;'],
    ['a kind of Object itself', 'constructor', 'x', 'CREATE x;'],
  ];
  for (const [title, kind, name, sql] of refused) {
    test(`refuses ${title}`, () => {
      assert.equal(superuserStatement(kind, name, preamble + sql), undefined);
    });
  }

  test('any name comes back as the same identifier, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (name) => {
        fc.pre(!/[\0\uFFFD]/.test(name));
        const quoted = `"${name.replaceAll('"', '""')}"`;
        const found = superuserStatement('PUBLICATION', name, `CREATE PUBLICATION ${quoted} FOR ALL TABLES;`);
        assert.deepEqual(found?.statements, [`CREATE PUBLICATION ${quoted} FOR ALL TABLES`]);
      }),
      runs,
    );
  });

  test('whatever is put into a good statement, what comes out is one statement that calls nothing', () => {
    const pieces = [
      ';',
      "'",
      '"',
      '--',
      '\n',
      '$$',
      '\\',
      '(',
      ')',
      'DROP TABLE t',
      'pg_sleep(9)',
      '/*',
      '*/',
      ' ',
      'E',
      "''",
    ];
    const noise = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })), { maxLength: 6 });
    const samples = understood.map(([kind, name, sql]) => ({ kind, name, sql }));
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom(...samples), noise, fc.nat(), fc.nat(3), ({ kind, name, sql }, added, at, cut) => {
        const place = at % (sql.length + 1);
        const changed = sql.slice(0, place) + added.join('') + sql.slice(place + cut);
        const found = superuserStatement(kind, name, changed);
        if (!found) return;
        accepted += 1;
        for (const statement of found.statements) {
          const bare = statement.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, (part) =>
            part.startsWith('"') ? 'n' : 's',
          );
          assert.match(
            bare,
            /^(?:CREATE EVENT TRIGGER n ON n(?: (?:WHEN|AND) n IN \(s(?:, s)*\))* EXECUTE FUNCTION n\.n\(\)|ALTER EVENT TRIGGER n DISABLE|CREATE PUBLICATION n FOR ALL TABLES(?: WITH \((?:n = (?:s|true|false|none|stored)(?:, )?)+\))?|ALTER PUBLICATION n ADD TABLES IN SCHEMA n|CREATE FOREIGN DATA WRAPPER n(?: (?:NO )?HANDLER(?: n\.n)?)?(?: (?:NO )?VALIDATOR(?: n\.n)?)?(?: OPTIONS \((?:n s(?:, )?)+\))?)$/,
          );
        }
      }),
      { numRuns: runs.numRuns * 5 },
    );
    assert(accepted > 10, 'hardly any changed statement was accepted: the test would not find a hole');
  });
});

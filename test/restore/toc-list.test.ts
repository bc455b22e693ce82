import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTocList } from '../../src/restore/toc-list.ts';

const list = `;
; Archive created at 2026-11-21 15:14:37 UTC
;     dbname: odd
;
; Selected TOC Entries:
;
7; 2615 17729 SCHEMA - - postgres
6; 2615 17721 SCHEMA - a b r s
218; 1259 17726 TABLE a b - q postgres
217; 1259 17723 TABLE a b x y z r s
220; 1259 17734 TABLE DATA x t postgres
3355; 0 17723 TABLE DATA a b x y z r s
3356; 0 17734 TABLE DATA DATA x t postgres
219; 1259 17730 TABLE - - postgres
2; 3079 16387 EXTENSION - hstore 
4567; 0 0 COMMENT - EXTENSION hstore 
4574; 0 0 ACL code FUNCTION add(a integer, b integer) postgres
2648; 826 17711 DEFAULT ACL rights DEFAULT PRIVILEGES FOR TABLES rich_owner
3500; 3466 17720 EVENT TRIGGER - on ddl postgres
3600; 0 17000 MATERIALIZED VIEW DATA app numbers me
3601; 1259 17000 MATERIALIZED VIEW app numbers me
3602; 6237 1 PUBLICATION TABLES IN SCHEMA app some app me
3603; 0 1 NEW KIND app thing me
`;

test('every line becomes its kind, schema and name, also where names hold spaces', () => {
  const known = { schemas: ['DATA x', 'app', 'code', 'rights'], roles: ['r s'] };
  const entries = parseTocList(list, known).map(({ dumpId, kind, schema, name }) => [dumpId, kind, schema, name]);
  assert.deepEqual(entries, [
    [7, 'SCHEMA', '-', '-'],
    [6, 'SCHEMA', '-', 'a b'],
    [218, 'TABLE', 'a b', '- q'],
    [217, 'TABLE', 'a b', 'x y z'],
    [220, 'TABLE', 'DATA x', 't'],
    [3355, 'TABLE DATA', 'a b', 'x y z'],
    [3356, 'TABLE DATA', 'DATA x', 't'],
    [219, 'TABLE', '-', '-'],
    [2, 'EXTENSION', '-', 'hstore'],
    [4567, 'COMMENT', '-', 'EXTENSION hstore'],
    [4574, 'ACL', 'code', 'FUNCTION add(a integer, b integer)'],
    [2648, 'DEFAULT ACL', 'rights', 'DEFAULT PRIVILEGES FOR TABLES'],
    [3500, 'EVENT TRIGGER', '-', 'on ddl'],
    [3600, 'MATERIALIZED VIEW DATA', 'app', 'numbers'],
    [3601, 'MATERIALIZED VIEW', 'app', 'numbers'],
    [3602, 'PUBLICATION TABLES IN SCHEMA', 'app', 'some app'],
    [3603, 'NEW', 'KIND', 'app thing'],
  ]);
});
test('a dash is no schema, and line breaks in known names are spaces', () => {
  const known = { schemas: ['two\nlines'], roles: ['who\r\never'] };
  const [extension, table] = parseTocList(
    '2; 3079 16387 EXTENSION - hstore \n3; 1259 5 TABLE two lines t who  ever\n',
    known,
  );
  assert.deepEqual([extension?.schema, extension?.name], [undefined, 'hstore']);
  assert.deepEqual(
    [table?.schema, table?.name, table?.line],
    ['two lines', 't', '3; 1259 5 TABLE two lines t who  ever'],
  );
});

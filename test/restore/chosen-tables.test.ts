import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadOptions } from '../../src/postgres/load.ts';
import { chooseTables, notChosen } from '../../src/restore/chosen-tables.ts';
import { parseTocList } from '../../src/restore/toc-list.ts';

const options: LoadOptions = {
  ...{ withOwners: false, withComments: true, clean: false },
  ...{ schemas: [], tables: [], only: undefined },
};

const entries = parseTocList(
  [
    '1; 1259 1 TABLE a x me',
    '2; 1259 2 TABLE a y me',
    '3; 1259 3 TABLE b x me',
    '4; 1259 4 TABLE b y me',
    '5; 0 1 TABLE DATA a x me',
    '6; 0 2 TABLE DATA a y me',
    '7; 0 3 TABLE DATA b x me',
    '8; 0 4 TABLE DATA b y me',
    '9; 1259 9 SEQUENCE a s me',
    '10; 0 0 SEQUENCE SET a s me',
    '11; 1259 11 VIEW c a.x me',
    '12; 1255 12 FUNCTION a f() me',
  ].join('\n'),
  { schemas: ['a', 'b', 'c'], roles: ['me'] },
);

const choose = (tables: readonly string[], schemas: readonly string[] = []): LoadOptions =>
  chooseTables(entries, { ...options, tables, schemas });

test('what pg_restore would join of schemas and names, but was not asked for, is left out', () => {
  const chosen = choose(['a.y', 'b.x']);
  assert.deepEqual(
    [chosen.schemas, chosen.tables],
    [
      ['a', 'b'],
      ['y', 'x'],
    ],
  );
  assert.deepEqual(
    notChosen(entries, chosen).map(({ entry }) => entry.dumpId),
    [1, 4, 5, 8],
  );
  assert.deepEqual(notChosen(entries, choose(['a.y', 'a.s'])), []);
});

test('a name alone is meant in every schema, or in those of --schema', () => {
  assert.deepEqual(choose(['x']).schemas, ['a', 'b']);
  assert.deepEqual(notChosen(entries, choose(['x'])), []);
  assert.deepEqual(choose(['x'], ['b']).chosen, [{ schema: 'b', name: 'x' }]);
  assert.equal(choose([]).chosen, undefined);
});

test('a name that holds a dot is found before a schema and a name', () => {
  assert.deepEqual(choose(['a.x']).chosen, [{ schema: 'c', name: 'a.x' }]);
  assert.deepEqual(choose(['a.x'], ['c']).tables, ['a.x']);
});

test('what the dump does not hold is named, with what it holds', () => {
  for (const [asked, schemas] of [
    ['nowhere', []],
    ['a.nowhere', []],
    ['f()', []],
    ['s', ['b']],
  ] as const) {
    assert.throws(
      () => choose([asked], schemas),
      (error: Error & { kind?: string; hint?: string }) => {
        assert.equal(error.kind, 'usage');
        assert.ok(error.message.includes(`--table ${asked}`), error.message);
        assert.match(error.hint ?? '', schemas.length > 0 ? /It holds b\.x, b\.y\./ : /It holds a\.x, a\.y, b\.x/);
        return true;
      },
    );
  }
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkLanes } from '../../src/backup/lane-check.ts';
import type { Table } from '../../src/postgres/tables.ts';

function table(schema: string, name: string, changes: Partial<Table> = {}): Table {
  const sizes = { file: '1', bytes: 1, wholeBytes: 1, estimate: 1 };
  const flags = { ofExtension: false, inExtension: false, unlogged: false };
  return { schema, name, oid: 1, printed: `${schema}.${name}`, ...sizes, ...flags, ...changes };
}

const [orders, items] = [table('public', 'orders'), table('public', 'items')];
/** Both are printed alike. */
const [dotted, alike] = [table('a.b', 'c'), table('a', 'b.c')];
const lane = (name: string, tables: Table[], announced: string[]) => ({ lane: name, tables, announced });

describe('what each pg_dump has said', () => {
  test('is as planned', () => {
    const lanes = [
      lane('data-01', [orders, dotted], ['public.orders', 'a.b.c']),
      lane('rest', [], ['public.items', 'a.b.c']),
    ];
    checkLanes(lanes, [orders, items, dotted, alike], false);
  });

  const all = [orders, items];
  for (const [what, lanes, message] of [
    [
      'a named table is not dumped',
      [lane('data-01', [orders], []), lane('rest', [], ['public.items'])],
      /not in the lane data-01/,
    ],
    [
      'a named table is in the rest instead',
      [lane('data-01', [orders], []), lane('rest', [], ['public.items', 'public.orders'])],
      /not in the lane/,
    ],
    [
      'a table is in two',
      [lane('data-01', [orders], ['public.orders']), lane('rest', [], ['public.items', 'public.orders'])],
      /orders is in two lanes/,
    ],
    ['a table is in none', [lane('data-01', [orders], ['public.orders']), lane('rest', [], [])], /items is in no lane/],
  ] as const) {
    test(`is refused where ${what}`, () => {
      assert.throws(() => checkLanes(lanes, all, false), { kind: 'dump', message });
    });
  }

  test('may lack tables whose rows were to be left out, and what only pg_dump knows', () => {
    checkLanes([lane('data-01', [orders], []), lane('rest', [], [])], all, true);
    const others = [table('public', 'config', { ofExtension: true }), table('public', 'cache', { unlogged: true })];
    checkLanes([lane('rest', [], [])], others, false);
  });
});

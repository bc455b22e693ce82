import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followTables } from '../../src/postgres/table-lines.ts';

function follow(lines: readonly string[]): { names: string[]; taken: boolean[] } {
  const names: string[] = [];
  const isTable = followTables((name) => names.push(name));
  return { names, taken: lines.map(isTable) };
}

const prefix = 'pg_dump: dumping contents of table "';

test('a table is told at its line, whatever stands around it', () => {
  const lines = ['pg_dump: reading schemas', `${prefix}public.orders"`, 'pg_dump: executing SEQUENCE SET x'];
  assert.deepEqual(follow(lines), { names: ['public.orders'], taken: [false, true, false] });
});

test('names with quotes, spaces and unicode are told as they are', () => {
  for (const name of ['s.it\'s "quoted"', 's. x ', 's.größe 🐘', 's."', 's.a\rb\u2028c']) {
    assert.deepEqual(follow([`${prefix}${name}"`]).names, [name]);
  }
});

test('a name with newlines is put together', () => {
  assert.deepEqual(follow([`${prefix}s.a`, 'b', '', 'c"', 'pg_dump: x']), {
    names: ['s.a\nb\n\nc'],
    taken: [true, true, true, true, false],
  });
});

test('a name with a quote before its newline is told too', () => {
  assert.ok(follow([`${prefix}s.a"`, 'b"', 'pg_dump: x']).names.includes('s.a"\nb'));
});

test('what is no continuation is left for the messages: words of the system after a whole name', () => {
  const { names, taken } = follow([`${prefix}s.a"`, 'free(): invalid pointer', 'pg_dump: error: x']);
  assert.deepEqual(names, ['s.a']);
  assert.deepEqual(taken, [true, false, false]);
});

test('a name that never ends is given up', () => {
  const lines = Array.from({ length: 100 }, () => 'xxxxxxxxxxxxxxxxxxxx');
  const { names, taken } = follow([`${prefix}s.a`, ...lines, 'x"']);
  assert.deepEqual(names, []);
  assert.ok(taken.filter(Boolean).length < 10);
});

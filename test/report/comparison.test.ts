import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeComparison } from '../../src/report/comparison.ts';
import { compare, notCompared } from '../../src/restore/comparison.ts';

test('numbers are grouped, and kinds of objects of which there are none share a line', () => {
  const shown = describeComparison([
    compare('table public.orders', '1234567', '1234566'),
    compare('table public.empty', '0', '0'),
    notCompared('table public.large', 'about 20001', 'the manifest has only an estimate'),
    compare('sequence public.down', '-9223372036854775808', '-9223372036854775808'),
    compare('rules', '0', '0'),
    compare('views', '0', '1'),
    compare('casts', '0', '0'),
    compare('indexes', '999', '999'),
    notCompared('operators', '0', 'some were left out'),
    compare('extension hstore', 'there', 'there'),
  ]);
  assert.deepEqual(shown.trimEnd().replaceAll(/ {2,}/g, '  ').split('\n'), [
    'COMPARED  BACKUP  RESTORED',
    'table public.orders  1,234,567  1,234,566  DIFFERENT',
    'table public.empty  0  0  same',
    'table public.large  about 20,001  not compared: the manifest has only an estimate',
    'sequence public.down  -9,223,372,036,854,775,808  -9,223,372,036,854,775,808  same',
    'views  0  1  DIFFERENT',
    'indexes  999  999  same',
    'operators  0  not compared: some were left out',
    'extension hstore  there  there  same',
    '2 other kinds of objects  0  0  same',
  ]);
});

test('one kind alone is one', () => {
  assert.match(describeComparison([compare('rules', '0', '0')]), /^1 other kind of object +0 +0 +same$/m);
});

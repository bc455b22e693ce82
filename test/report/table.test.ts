import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTable } from '../../src/report/table.ts';

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  const columns = [{ title: 'NAME' }, { title: 'ROWS', align: 'right' }, { title: '' }] as const;
  const rows = [
    ['größe 🐘', '5', ''],
    ['x', '1,000,000', 'same'],
  ];
  assert.equal(
    renderTable(columns, rows),
    ['NAME          ROWS', 'größe 🐘          5', 'x        1,000,000  same', ''].join('\n'),
  );
});

test('a cell cannot break out of its line or colour the terminal', () => {
  assert.equal(renderTable([{ title: 'A' }], [['a\nb\u001b[31m\r']]), 'A\na?b?[31m?\n');
});

test('no rows, and rows with too few cells', () => {
  assert.equal(renderTable([{ title: 'A' }, { title: 'B' }], []), 'A  B\n');
  assert.equal(renderTable([{ title: 'A' }, { title: 'B' }], [['x']]), 'A  B\nx\n');
});

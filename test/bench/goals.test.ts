import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AllFigures, SectionFigures } from '../../bench/figures.ts';
import { goalsTable } from '../../bench/goals.ts';

test('a goal that is missed comes with who used the processors, and one that is reached does not', () => {
  const table = goalsTable(figures({ floor: 10, gzip: 50, 'lanes-1-age': 12.5, 'lanes-2-age': 12, 'lanes-4-age': 12 }));
  const [, , fast, floor] = table.split('\n');
  assert.match(fast ?? '', /lanes-1-age: 4\.00, lanes-2-age: 4\.17, lanes-4-age: 4\.17 \| yes \| *\|$/);
  assert.match(
    floor ?? '',
    /lanes-2-age: 1\.20.*\| \*\*no\*\* \| processors 95 % in use: zstd 7\.0 s, node 3\.0 s \|$/,
  );
});

test('what has not been measured has no goals', () => {
  const none = { backup: undefined, restore: undefined, memory: undefined, link: undefined };
  assert.equal(goalsTable(none).split('\n').length, 2);
});

function figures(seconds: Record<string, number>): AllFigures {
  const ways = Object.entries(seconds).map(([id, each]) => ({
    id,
    title: id,
    ours: id.startsWith('lanes'),
    seconds: each,
    rounds: [each],
    storedBytes: 1,
    cpuSeconds: 1,
    treeCpuSeconds: 1,
    peakBytes: 1,
    treePeakBytes: 1,
    temporaryBytes: 0,
    diskBytes: 0,
    use: { busy: 0.95, seconds: { node: 3, zstd: 7 } },
  }));
  const backup: SectionFigures = { on: '2026-01-01', databaseBytes: 1e9, ways };
  return { backup, restore: undefined, memory: undefined, link: undefined };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newBackupId, timeOfId } from '../../src/catalog/ids.ts';

const times = fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });

test('an id holds its start time to the second', () => {
  assert.match(newBackupId(new Date('2026-11-20T02:00:00.999Z')), /^20261120T020000Z-[0-9a-z]{6}$/);
  fc.assert(
    fc.property(times, (time) => {
      assert.equal(timeOfId(newBackupId(time))?.getTime(), Math.floor(time.getTime() / 1000) * 1000);
    }),
  );
});

test('ids sort as their times do', () => {
  fc.assert(
    fc.property(times, times, (a, b) => {
      const seconds = [a, b].map((time) => Math.floor(time.getTime() / 1000)) as [number, number];
      fc.pre(seconds[0] !== seconds[1]);
      assert.equal(newBackupId(a) < newBackupId(b), seconds[0] < seconds[1]);
    }),
  );
});

test('two runs that start in the same second have different ids', () => {
  const now = new Date();
  const ids = new Set(Array.from({ length: 1000 }, () => newBackupId(now)));
  // 36^6 values: one double among a thousand is possible, a handful is a bug.
  assert.ok(ids.size >= 998, `${String(ids.size)} different ids`);
});

test('a name that is none of ours has no time', () => {
  const good = '20261120T020000Z-k3f9q2';
  assert.ok(timeOfId(good));
  const bad = ['', 'latest', `${good}x`, ` ${good}`, `${good}\n`, good.toLowerCase(), good.slice(0, -1)];
  const impossible = [
    '20261320T020000Z',
    '20261100T020000Z',
    '20260230T020000Z',
    '20260431T020000Z',
    '20261120T250000Z',
  ];
  for (const name of [...bad, ...impossible.map((time) => `${time}-k3f9q2`)]) {
    assert.equal(timeOfId(name), undefined, JSON.stringify(name));
  }
});

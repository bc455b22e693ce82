import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boolean, duration, integer, type Kind, list, percent, size } from '../../src/config/kinds.ts';

const MiB = 1024 ** 2;

describe('kinds of values', () => {
  const good: [string, Kind<unknown>, string, unknown][] = [
    ['duration', duration(1), '90s', 90_000],
    ['duration', duration(1), '30m', 1_800_000],
    ['duration', duration(1), ' 6H ', 21_600_000],
    ['duration', duration(1), '1.5 h', 5_400_000],
    ['duration in days', duration(1, 'd'), '35', 35 * 86_400_000],
    ['size', size(1, 1024 * MiB), '16MiB', 16 * MiB],
    ['size', size(1, 1024 * MiB), '1GiB', 1024 * MiB],
    ['size', size(1, 1024 * MiB), '5242880', 5 * MiB],
    ['percentage', percent, '50%', 0.5],
    ['percentage', percent, '0', 0],
    ['list', list, ' a, b ,,c ', ['a', 'b', 'c']],
    ['list', list, 'a."x,y",b', ['a."x,y"', 'b']],
    ['list', list, '', []],
    ['boolean', boolean, 'Yes', true],
    ['boolean', boolean, '0', false],
    ['integer', integer(1, 9), ' 9 ', 9],
  ];
  for (const [name, kind, text, expected] of good) {
    test(`${JSON.stringify(text)} is a ${name}`, () => {
      assert.deepEqual(kind.parse(text), expected);
    });
  }

  const bad: [string, Kind<unknown>, string][] = [
    ['duration', duration(1), '90'],
    ['duration', duration(1), '90 seconds'],
    ['duration', duration(1), '5ms'],
    ['duration', duration(1), '-5s'],
    ['duration of at least a second', duration(1000), '0s'],
    ['duration that a timer can hold', duration(1), '25d'],
    ['size', size(1, MiB), '16MB'],
    ['size', size(1, MiB), '16M'],
    ['size within bounds', size(1, MiB), '2MiB'],
    ['percentage', percent, '50'],
    ['percentage', percent, '101%'],
    ['list', list, 'a,"b'],
    ['boolean', boolean, 'maybe'],
    ['integer', integer(1, 9), '0x9'],
    ['integer', integer(1, 9), '10'],
    ['integer', integer(1, 9), '1e0'],
  ];
  for (const [name, kind, text] of bad) {
    test(`${JSON.stringify(text)} is no ${name}`, () => {
      assert.throws(() => kind.parse(text), { name: 'EnvError', message: /^(?:is|has) / });
    });
  }
});

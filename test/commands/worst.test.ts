import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { worstExit } from '../../src/commands/worst.ts';
import { failureKinds } from '../../src/errors.ts';

const codes = Object.values(failureKinds).map(({ exitCode }) => exitCode);

describe('the exit code of a run of several parts', () => {
  test('is 0 only if every part is', () => {
    assert.equal(worstExit([0, 0, 0]), 0);
    for (const code of codes) assert.equal(worstExit([0, code, 0]), code);
  });

  test('of no part at all is not 0', () => assert.equal(worstExit([]), 70));

  const cases: [string, number[], number][] = [
    ['a run that was told to end', [69, 143, 78], 143],
    ['a deadline', [78, 124, 65], 124],
    ['a store that changed data', [65, 76, 77], 76],
    ['a store that refuses', [74, 77, 69], 77],
    ['a store that cannot be reached', [65, 74, 69], 74],
    ['a code that is none of ours', [65, 137, 78], 137],
    ['a held lock comes last', [75, 65], 65],
  ];
  for (const [title, parts, worst] of cases) test(title, () => assert.equal(worstExit(parts), worst));

  test('is one of the parts, and the same in whatever order they ended', () => {
    const code = fc.oneof(fc.constantFrom(0, ...codes), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(fc.array(code, { minLength: 1 }), (parts) => {
        const worst = worstExit(parts);
        assert(parts.includes(worst) && (worst === 0) === parts.every((part) => part === 0));
        assert.equal(worstExit(parts.toReversed()), worst);
        assert.equal(worstExit(parts.toSorted((a, b) => a - b)), worst);
      }),
    );
  });
});

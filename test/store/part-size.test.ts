import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/errors.ts';
import { planParts } from '../../src/store/part-size.ts';
import { mebibyte } from './scripted.ts';

const gibibyte = 1024 * mebibyte;

describe('the size of parts', () => {
  it('is 8 MiB for anything that fits with room to spare', () => {
    for (const expectedBytes of [0, 1, 38 * gibibyte]) {
      const plan = planParts({ partSize: 'auto', maxParts: 10_000, concurrency: 4, expectedBytes });
      assert.deepEqual(plan, { partBytes: 8 * mebibyte, concurrency: 4, limitBytes: 80_000 * mebibyte });
    }
  });

  it('leaves room for a stream twice as long as expected, in whole MiB', () => {
    const sizes = fc.integer({ min: 0, max: 5000 * gibibyte });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1000, max: 10_000 }), (expectedBytes, maxParts) => {
        const plan = planParts({ partSize: 'auto', maxParts, concurrency: 4, expectedBytes });
        assert.equal(plan.partBytes % mebibyte, 0);
        assert.ok(plan.limitBytes >= Math.min(expectedBytes * 2, 5 * gibibyte * maxParts));
        // The least that will do, with no MiB to spare.
        assert.ok(plan.partBytes === 8 * mebibyte || (plan.partBytes - mebibyte) * maxParts < expectedBytes * 2);
      }),
      { numRuns: 500 },
    );
  });

  it('is what was asked for', () => {
    const plan = planParts({ partSize: 100 * mebibyte, maxParts: 10_000, concurrency: 4, expectedBytes: 1 });
    assert.equal(plan.partBytes, 100 * mebibyte);
  });

  it('has large parts travel fewer at once, though never one by one', () => {
    const concurrencyAt = (partSize: number): number =>
      planParts({ partSize, maxParts: 10_000, concurrency: 4, expectedBytes: 1 }).concurrency;
    assert.deepEqual(
      [32, 33, 64, 65, 512].map((size) => concurrencyAt(size * mebibyte)),
      [4, 3, 2, 2, 2],
    );
    const lone = planParts({ partSize: 'auto', maxParts: 10_000, concurrency: 1, expectedBytes: 1 });
    assert.equal(lone.concurrency, 1);
  });

  it('has streams that are stored at once share what is in flight, the part that each fills counted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), fc.integer({ min: 5, max: 300 }), (streams, size) => {
        const partSize = size * mebibyte;
        const plan = planParts({ partSize, maxParts: 10_000, concurrency: 32, expectedBytes: 1, streams });
        const held = streams * (plan.concurrency + 1) * partSize;
        assert.ok(plan.concurrency === 1 || held <= 128 * mebibyte, `${String(held / mebibyte)} MiB`);
      }),
    );
    const four = planParts({ partSize: 'auto', maxParts: 10_000, concurrency: 4, expectedBytes: 1, streams: 4 });
    assert.equal(four.concurrency, 3);
  });

  for (const [what, partSize, maxParts, expectedBytes] of [
    ['a stream that cannot fit', 5 * mebibyte, 10, 51 * mebibyte],
    ['a stream that no part size can fit', 'auto', 10, 51 * gibibyte],
    ['parts smaller than S3 takes', 4 * mebibyte, 10, 1],
    ['parts larger than S3 takes', 6 * gibibyte, 10, 1],
  ] as const) {
    it(`refuses ${what}, naming the variable`, () => {
      const plan = (): unknown => planParts({ partSize, maxParts, concurrency: 4, expectedBytes });
      assert.throws(
        plan,
        (error) => error instanceof Failure && error.kind === 'config' && (error.hint ?? '').includes('S3_PART_SIZE'),
      );
    });
  }
});

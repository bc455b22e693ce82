import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeEvent } from '../../src/notify/message.ts';
import { renderWithin } from '../../src/notify/shrink.ts';
import { terminationLine } from '../../src/notify/termination.ts';
import { sampleEvent, sampleFailure, sampleParts } from './sample-event.ts';

const linesOf = (count: number): readonly string[] =>
  describeEvent(sampleFailure({ parts: sampleParts(count) })).quoted.find(({ title }) => title === 'Each of them')
    ?.lines ?? [];

describe('a message about several databases', () => {
  test('tells how each went, failures first', () => {
    assert.deepEqual(linesOf(3), [
      '❌ tenant2: permission denied for database (exit 69)',
      '✅ tenant0: 20261120T020000Z-k3f9q2, 12.3 MB',
      '✅ tenant1: 20261120T020000Z-k3f9q2, 12.3 MB',
    ]);
  });

  test('says how many there are, and how many failed', () => {
    const words = (count: number): string | undefined =>
      Object.fromEntries(describeEvent(sampleEvent({ parts: sampleParts(count).slice(0, 999) })).facts)['Databases'];
    assert.equal(words(3), '3, of which 1 failed');
    assert.equal(words(1000), '999, all well');
  });

  test('shows a bounded list', () => {
    assert.equal(linesOf(12).length, 12);
    const lines = linesOf(1008);
    assert.equal(lines.length, 12);
    assert.equal(lines.at(-1), 'and 997 more');
  });

  test('gives up the log before that list, and the list before its headline', () => {
    const message = describeEvent(sampleFailure({ parts: sampleParts(1000) }));
    const shown = renderWithin(
      message,
      ({ quoted }) => quoted,
      (quoted) => quoted.length < 2,
    );
    assert.deepEqual(shown[0]?.lines, [...message.quoted[0]!.lines.slice(0, 4), '…']);
  });

  test('about one has no such list', () => {
    assert(!describeEvent(sampleFailure()).quoted.some(({ title }) => title === 'Each of them'));
  });
});

test('the termination message names those that failed', () => {
  const line = JSON.parse(terminationLine(sampleFailure({ parts: sampleParts(1000) }))) as Record<string, unknown>;
  assert.deepEqual(line['failedParts'], { of: 1000, count: 1, names: ['tenant999'] });
});

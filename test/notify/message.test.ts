import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { describeEvent, notesOf } from '../../src/notify/message.ts';
import { sampleEvent as sample } from '../../src/notify/sample.ts';
import { fit, linesOf } from '../../src/notify/text.ts';
import { oneLine } from '../../src/visible.ts';
import { growing, hostileMessage, hostileName, longestMessage, shown } from './hostile.ts';
import { sampleEvent, sampleFailure } from './sample-event.ts';

const headline = (event: Parameters<typeof describeEvent>[0]): string => describeEvent(event).headline;

describe('the headline', () => {
  const cases: [string, Parameters<typeof describeEvent>[0], string][] = [
    [
      'a failure',
      sampleFailure({
        failure: { kind: 'dump', message: 'permission denied for table invoices', hint: undefined },
        newestGood: { id: 'x', startedAt: new Date('2026-11-18T23:01:23.500Z') },
      }),
      '❌ shop: backup failed: permission denied for table invoices (exit 65). Newest good backup: 1d 3h old.',
    ],
    [
      'a failure without any backup',
      sampleFailure({ newestGood: undefined }),
      '❌ shop: backup failed: pg_dump failed: permission denied for table invoices (exit 65). There is no good backup.',
    ],
    [
      'a failure of a store that cannot be asked',
      sampleFailure({
        newestGood: 'unknown',
        exitCode: 77,
        failure: { kind: 'denied', message: 'the store refused the key', hint: undefined },
      }),
      '❌ shop: backup failed: the store refused the key (exit 77).',
    ],
    [
      'several problems',
      sampleFailure({
        exitCode: 78,
        newestGood: 'unknown',
        failure: { kind: 'config', message: 'the configuration has 2 problems:\n  - a\n  - b', hint: undefined },
      }),
      '❌ shop: backup failed: the configuration has 2 problems (exit 78).',
    ],
    [
      'a failure of no known database',
      sampleFailure({ database: undefined, command: 'check', newestGood: 'unknown', failure: undefined, exitCode: 79 }),
      '❌ check failed: no reason given (exit 79).',
    ],
    [
      'a success',
      sampleEvent({ durationMs: 184_000 }),
      '✅ shop: backup stored, 12.3 MB (3% larger than the last) in 3m 4s.',
    ],
    ['a first success', sampleEvent({ previousBytes: undefined }), '✅ shop: backup stored, 12.3 MB in 1m 23s.'],
    [
      'a recovery',
      sampleEvent({ kind: 'recovery', previousBytes: 24_691_356 }),
      '✅ shop: backup works again, 12.3 MB (50% smaller than the last) in 1m 23s.',
    ],
    [
      'a drill',
      sampleEvent({ command: 'drill', bytes: undefined }),
      '✅ shop: drill passed, the backup can be restored in 1m 23s.',
    ],
  ];
  for (const [title, event, expected] of cases)
    test(`of ${title} says it all`, () => assert.equal(headline(event), expected));

  test('of a test says first that it is one', () => {
    const event = sample(undefined, undefined, new Date('2026-11-21T02:00:00Z'));
    assert.match(headline(event), /^🔔 This is a test, nothing failed\. sample: backup failed: permission denied/);
    assert.equal(describeEvent(event).outcome, 'test');
  });

  test('keeps the age of the newest backup however long the reason is', () => {
    const event = sampleFailure({ failure: { kind: 'dump', message: 'x'.repeat(5_000), hint: undefined } });
    assert.match(headline(event), /x…? ?\(exit 65\)\. Newest good backup: 1d 1m old\.$/);
  });
});

describe('the message', () => {
  test('has what people need at night, and where to look further', () => {
    const message = describeEvent(sampleFailure({ warnings: ['2 objects were left'] }));
    assert.deepEqual(
      message.facts.map(([label]) => label),
      ['Database', 'Where', 'Failed', 'Newest good backup', 'Last proved by a drill', 'Missed', 'Next due', 'Started'],
    );
    assert.equal(Object.fromEntries(message.facts)['Next due'], '2026-11-21 02:00 UTC (in 23h 58m)');
    assert.deepEqual(
      notesOf(message).map(([title]) => title),
      ['What to do', 'Warning', 'More'],
    );
    assert.deepEqual(message.quoted, [
      { title: 'Last lines of the log', lines: ['INFO: backing up shop', 'INFO: done'] },
    ]);
  });

  test('of a success has size, rows and duration', () => {
    const facts = Object.fromEntries(describeEvent(sampleEvent({ rowsExact: false, tables: 1 })).facts);
    assert.equal(facts['Size'], '12.3 MB (3% larger than the last)');
    assert.equal(facts['Rows'], 'about 4,200,000 in 1 table');
    assert.equal(facts['Started'], '2026-11-20 02:00 UTC, took 1m 23s');
  });

  test('holds every text as one line in which all can be seen, the name as it is', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const message = hostileMessage(name);
        const texts = [
          message.headline,
          ...message.facts.flat(),
          ...notesOf(message).flat(),
          ...message.quoted.flatMap(({ lines }) => lines),
        ];
        for (const text of texts)
          assert(
            !/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text) && text.isWellFormed(),
            JSON.stringify(text),
          );
        assert(message.facts.some(([label, value]) => label === 'Database' && value === shown(name)));
      }),
    );
  });

  test('is bounded, whatever happened', () => {
    for (const character of growing) assert(JSON.stringify(longestMessage(character)).length < 40_000);
  });
});

describe('text', () => {
  test('made one line has no more than one, and can be read back', () => {
    assert.equal(oneLine('a\nb\r\tc\u0000\u202ed\u{e0001}\ud83d'), String.raw`a\nb\r\tc\u0000\u202ed\u{e0001}\ud83d`);
    assert.equal(oneLine('👩‍👩‍👧 müller постgres'), '👩‍👩‍👧 müller постgres');
    assert.deepEqual(linesOf('a\r\n\n  - b\u0007\n'), ['a', '  - b\\u0007']);
  });

  test('cut to fit is never longer, is its beginning, and is not cut within a character or an escape', () => {
    const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '&', '<', '😀') }), fc.nat(40), (text, limit) => {
        const result = fit(text, limit, escape);
        assert(result.length <= limit && result.isWellFormed());
        if (escape(text).length <= limit) assert.equal(result, escape(text));
        else if (limit > 0) {
          const kept = result.slice(0, -1).replaceAll('&lt;', '<').replaceAll('&amp;', '&');
          assert(result.endsWith('…') && text.startsWith(kept) && escape(kept) === result.slice(0, -1));
          const next = Array.from(text.slice(kept.length))[0] ?? '';
          assert(escape(kept + next).length > limit - 1, 'more would have fit');
        }
      }),
    );
  });
});

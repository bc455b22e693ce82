import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutEnd, cutStart } from '../../src/notify/cut.ts';
import { terminationChannel, terminationLine } from '../../src/notify/termination.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { sampleEvent, sampleFailure } from './sample-event.ts';

const signal = new AbortController().signal;
const parse = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>;

test('a failure is one line that holds what failed and what is left', () => {
  const line = terminationLine(sampleFailure());
  assert.match(line, /^[^\n]+\n$/);
  assert.deepEqual(parse(line), {
    outcome: 'failure',
    command: 'backup',
    exitCode: 65,
    error: 'pg_dump failed: permission denied for table invoices',
    hint: 'GRANT pg_read_all_data TO backup;',
    database: 'shop',
    location: 's3://backups/nightly',
    durationMs: 83_500,
    newestGood: '20261119T020000Z-aaaaaa',
    nextDue: '2026-11-21T02:00:00.000Z',
    missedTicks: 1,
  });
});

test('a recovery is a success', () => {
  assert.equal(parse(terminationLine(sampleEvent({ kind: 'recovery' })))['outcome'], 'success');
});

test('whatever the texts are, the line is whole JSON of at most 4,096 bytes', () => {
  const long = fc.string({ unit: 'binary', maxLength: 9000 });
  const property = fc.property(
    long,
    long,
    long,
    fc.array(long, { maxLength: 30 }),
    (message, hint, database, warnings) => {
      const line = terminationLine(sampleFailure({ failure: { kind: 'dump', message, hint }, database, warnings }));
      assert.ok(Buffer.byteLength(line) <= 4096, `${String(Buffer.byteLength(line))} bytes`);
      assert.match(line, /^[^\n]+\n$/);
      const { outcome, exitCode } = parse(line);
      assert.deepEqual([outcome, exitCode], ['failure', 65]);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

test('a long error keeps its beginning', () => {
  const line = terminationLine(sampleFailure({ failure: { kind: 'dump', message: 'ä€😀'.repeat(5000), hint: 'h' } }));
  const { error, hint } = parse(line);
  assert.match(String(error), /^(?:ä€😀){50,}(?:ä€?)?…$/u);
  assert.equal(hint, 'h');
});

test('cut texts hold whole characters and no more bytes than allowed', () => {
  const property = fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 3, max: 60 }), (text, most) => {
    for (const [cut, fits] of [
      [cutEnd(text, most), text.startsWith(cutEnd(text, most).replace(/…$/, ''))],
      [cutStart(text, most), text.endsWith(cutStart(text, most).replace(/^…/, ''))],
    ] as const) {
      assert.ok(Buffer.byteLength(cut) <= most);
      assert.ok(fits, `${cut} is no part of ${text}`);
      assert.ok(cut.isWellFormed() || !text.isWellFormed());
      if (Buffer.byteLength(text) <= most) assert.equal(cut, text);
      // No more than one character more is missing than has to be.
      else assert.ok(Buffer.byteLength(cut) > most - 4, `${cut} could be longer`);
    }
  });
  fc.assert(property);
});

test('the file is overwritten, and never made', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'termination-log');
  assert.equal(terminationChannel(path), undefined);
  writeFileSync(path, 'x'.repeat(10_000));
  const channel = terminationChannel(path);
  assert.ok(channel);
  assert.equal(channel.wants(sampleEvent({ kind: 'started' })), false);
  assert.equal(await channel.send(sampleFailure(), signal), `written to ${path}`);
  assert.equal(readFileSync(path, 'utf8'), terminationLine(sampleFailure()));
});

test('neither a folder nor a link is written to', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'precious'), 'kept');
  symlinkSync(join(folder, 'precious'), join(folder, 'link'));
  assert.equal(terminationChannel(folder), undefined);
  assert.equal(terminationChannel(join(folder, 'link')), undefined);
});

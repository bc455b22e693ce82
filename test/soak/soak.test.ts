import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { useS3 } from '../support/s3.ts';
import { startDiscarding } from './discarding.ts';
import { type Laboratory, openLaboratory } from './laboratory.ts';
import { soakLarge } from './large.ts';
import { help, readOptions } from './options.ts';
import { soakRuns } from './runs.ts';
import { soakSameProcess } from './same-process.ts';

// What `npm run soak` does for hours, in small.
const s3 = await useS3();
const never = new AbortController().signal;
const timeout = 300_000;
let laboratory: Laboratory;
before(async () => {
  laboratory = await openLaboratory(s3);
});
after(() => laboratory[Symbol.asyncDispose]());

test('backup after backup leaves nothing behind but the backups that are kept', { timeout }, async () => {
  const figures = await soakRuns(laboratory, { runs: 7, restoreEvery: 7 });
  assert.deepEqual(figures.wrong, []);
  assert.deepEqual([figures.runs, figures.restores, figures.pruned], [7, 1, 4]);
  assert.equal(figures.memory.values.length, 7);
});

test('a large database is stored and read back in the memory of a small one', { timeout }, async () => {
  const figures = await soakLarge(laboratory, {
    gigabytes: 0.2,
    compression: 'zstd',
    partSize: 'auto',
    signal: never,
    sampleEveryMs: 50,
  });
  assert.deepEqual(figures.wrong, []);
  assert.ok((figures.rows?.bytes ?? 0) >= 0.2e9);
  assert.ok(figures.samples.memory.values.length > 0);
});

test('every byte of a large database arrives that is not compressed', { timeout }, async () => {
  await using server = await startDiscarding();
  await using other = await openLaboratory(server.s3);
  const options = { gigabytes: 0.1, compression: 'none', partSize: '5MiB', signal: never } as const;
  const figures = await soakLarge(other, options);
  assert.deepEqual(figures.wrong, []);
  assert.ok(figures.storedBytes > 0.1e9);
  assert.equal(figures.parts, Math.ceil(figures.storedBytes / (5 * 1024 ** 2)));
});

test('backups by one process pile nothing up in it', { timeout }, async () => {
  const figures = await soakSameProcess(laboratory, { runs: 7, signal: never });
  assert.deepEqual(figures.wrong, []);
  assert.equal(figures.runs, 7);
});

test('a wrong option is told, and help is given', () => {
  for (const [args, told] of [
    [[], /one of --runs/],
    [['--runs', '3', '--gigabytes', '1'], /one of --runs/],
    [['--runs', '1.5'], /whole number above 0, not 1\.5/],
    [['--gigabytes', '-1'], /--gigabytes/],
    [['--runs', '3', '--compression', 'none'], /go with --gigabytes/],
    [['--gigabytes', '1', '--compression', 'lz4'], /zstd or none/],
    [['--run', '3'], /--run/],
    [['3'], /3/],
  ] as const) {
    const read = readOptions(args);
    assert.ok(typeof read === 'string');
    assert.match(read, told);
  }
  assert.equal(readOptions(['--help']), help);
  assert.deepEqual(readOptions(['--gigabytes', '0.5', '--compression', 'none', '--minutes', '3']), {
    runs: undefined,
    gigabytes: 0.5,
    sameProcess: undefined,
    compression: 'none',
    partSize: 'auto',
    minutes: 3,
  });
});

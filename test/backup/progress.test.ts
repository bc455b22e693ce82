import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { storeLane } from '../../src/backup/lane.ts';
import type { Stage } from '../../src/pipeline/stage.ts';
import { openStore } from '../../src/store/open.ts';
import { temporaryFolder } from '../support/fake-programs.ts';

test('progress tells bytes, rate, table and what is left while a lane is under way', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as never) });
  const store = openStore({ kind: 'directory', path: temporaryFolder() }, log);
  const script = `echo 'in orders' >&2; for i in 1 2 3 4 5; do head -c 1000000 /dev/zero; sleep 0.2; done`;
  const measured = await storeLane({
    store,
    key: 'shop/database.dump',
    runId: 'run-1',
    stages: (progress): readonly Stage[] => {
      progress.tablesTotal = 3;
      const onStderrLine = (): boolean => {
        progress.table = 'public.orders';
        progress.tablesBegun += 1;
        return true;
      };
      return [{ name: 'pg_dump', program: '/bin/sh', args: ['-c', script], env: {}, onStderrLine }];
    },
    emptyBytes: 0,
    expectedBytes: 10_000_000,
    expectedDumpBytes: 10_000_000,
    stallTimeoutMs: 10_000,
    progressIntervalMs: 100,
    log,
    signal: new AbortController().signal,
  });
  assert.equal(measured.bytes, 5_000_000);
  const words = lines.map(({ msg }) => String(msg));
  const line =
    /^dumped [\d.]+ MB at [\d.]+ [kM]B\/s, stored [\d.]+ MB, in table 1\/3 public\.orders, about [\d.]+m?s.* left$/;
  assert.ok(
    words.some((text) => line.test(text)),
    words.join('\n'),
  );
  const stored = lines.map(({ storedBytes }) => Number(storedBytes));
  assert.deepEqual(
    stored,
    stored.toSorted((a, b) => a - b),
  );
  const count = lines.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(lines.length, count, 'it went on after the end');
});

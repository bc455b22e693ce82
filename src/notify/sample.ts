import { randomUUID } from 'node:crypto';
import type { RunEvent } from './event.ts';

const hourMs = 3_600_000;

/** A failure as it could come tonight, which says that it is a test. */
export function sampleEvent(database: string | undefined, location: string | undefined, now: Date): RunEvent {
  const startedAt = new Date(now.getTime() - 4_000);
  return {
    kind: 'failure',
    command: 'test',
    runId: randomUUID(),
    database: database ?? 'sample',
    backupId: undefined,
    location,
    exitCode: 65,
    failure: {
      kind: 'dump',
      message: 'permission denied for table sample_invoices',
      hint: 'A test of notifications: there is nothing to do. In a real message this says what would help.',
    },
    startedAt,
    durationMs: 4_000,
    bytes: undefined,
    previousBytes: undefined,
    rows: undefined,
    rowsExact: true,
    tables: undefined,
    newestGood: { id: 'a sample', startedAt: new Date(now.getTime() - 27 * hourMs) },
    nextDue: new Date(now.getTime() + 21 * hourMs),
    missedTicks: undefined,
    lastProofAt: undefined,
    warnings: [],
    parts: undefined,
    logTail: ['pg_dump: error: query failed: ERROR:  permission denied for table sample_invoices'],
    platformLogHint: undefined,
  };
}

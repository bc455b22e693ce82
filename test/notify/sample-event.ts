import type { RunEvent, RunPart } from '../../src/notify/event.ts';

/** A backup that succeeded, with some of it changed. */
export function sampleEvent(changes: Partial<RunEvent> = {}): RunEvent {
  return {
    kind: 'success',
    command: 'backup',
    runId: '0d3f3b8e-6f0c-4a8e-9c1d-2f6a5b7c8d9e',
    database: 'shop',
    backupId: '20261120T020000Z-k3f9q2',
    location: 's3://backups/nightly/shop/20261120T020000Z-k3f9q2',
    exitCode: 0,
    failure: undefined,
    startedAt: new Date('2026-11-20T02:00:00Z'),
    durationMs: 83_500,
    bytes: 12_345_678,
    previousBytes: 12_000_000,
    rows: 4_200_000,
    rowsExact: true,
    tables: 42,
    newestGood: { id: '20261120T020000Z-k3f9q2', startedAt: new Date('2026-11-20T02:00:00Z') },
    nextDue: new Date('2026-11-21T02:00:00Z'),
    missedTicks: 0,
    lastProofAt: new Date('2026-11-19T12:00:00Z'),
    warnings: [],
    parts: undefined,
    logTail: ['INFO: backing up shop', 'INFO: done'],
    platformLogHint: undefined,
    ...changes,
  };
}

/** A backup that failed, with some of it changed. */
export function sampleFailure(changes: Partial<RunEvent> = {}): RunEvent {
  return sampleEvent({
    kind: 'failure',
    backupId: undefined,
    location: 's3://backups/nightly',
    exitCode: 65,
    failure: {
      kind: 'dump',
      message: 'pg_dump failed: permission denied for table invoices',
      hint: 'GRANT pg_read_all_data TO backup;',
    },
    bytes: undefined,
    previousBytes: undefined,
    rows: undefined,
    tables: undefined,
    newestGood: { id: '20261119T020000Z-aaaaaa', startedAt: new Date('2026-11-19T02:00:00Z') },
    missedTicks: 1,
    ...changes,
  });
}

/** So many databases, of which the last one failed. */
export function sampleParts(count: number): RunPart[] {
  return Array.from({ length: count }, (_, index) =>
    index === count - 1
      ? { name: `tenant${index}`, exitCode: 69, error: 'permission denied for database' }
      : { name: `tenant${index}`, exitCode: 0, id: '20261120T020000Z-k3f9q2', bytes: 12_345_678 },
  );
}

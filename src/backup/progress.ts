import { readFile } from 'node:fs/promises';
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import type { Log } from '../log.ts';
import type { Meter } from '../pipeline/meter.ts';

/** How far one lane is. The numbers are live: whoever holds it may read it at any time. */
export class LaneProgress {
  readonly meter: Meter;
  /** The table that pg_dump is in, as it prints it. */
  table: string | undefined;
  tablesBegun = 0;
  tablesTotal = 0;
  /** Bytes that the store has acknowledged. */
  storedBytes = 0;
  /** Bytes that pg_dump has written, before compression; undefined where the system does not tell. */
  dumpedBytes: number | undefined;
  /** Whose bytes are counted as dumped. */
  dumpPid: number | undefined;

  constructor(meter: Meter) {
    this.meter = meter;
  }

  /** A number that changes whenever a byte has moved anywhere: out of pg_dump, out of the pipeline, into the store. */
  get moved(): number {
    return (this.dumpedBytes ?? 0) + this.meter.bytes + this.storedBytes;
  }

  /** Asks the kernel how much pg_dump has written. Never throws. */
  async refresh(): Promise<void> {
    if (this.dumpPid === undefined) return;
    const io = await readFile(`/proc/${String(this.dumpPid)}/io`, 'utf8').catch(() => '');
    const written = /^wchar: (\d+)$/m.exec(io)?.[1];
    if (written !== undefined) this.dumpedBytes = Number(written);
  }
}

/**
 * Logs a line at each interval: bytes dumped and stored, the rate, the table, an estimate of what is left (from the
 * database's size on disk, so no better than that). Stop it by disposing.
 */
export function reportProgress(
  lane: LaneProgress,
  expectedDumpBytes: number,
  intervalMs: number,
  log: Log,
): Disposable {
  const started = performance.now();
  const timer = setInterval(() => {
    void lane.refresh().then(() => {
      const elapsedMs = performance.now() - started;
      const dumped = lane.dumpedBytes ?? lane.meter.bytes;
      const left = dumped > 0 && dumped < expectedDumpBytes ? (expectedDumpBytes / dumped - 1) * elapsedMs : undefined;
      const table =
        lane.table === undefined
          ? ''
          : `, in table ${String(lane.tablesBegun)}/${String(lane.tablesTotal)} ${lane.table}`;
      log.info(
        { dumpedBytes: lane.dumpedBytes, storedBytes: lane.storedBytes, table: lane.table, leftMs: left },
        `dumped ${prettyBytes(dumped)} at ${prettyBytes(dumped / (elapsedMs / 1000))}/s, stored ${prettyBytes(lane.storedBytes)}${table}` +
          (left === undefined ? '' : `, about ${prettyMs(left, { unitCount: 2 })} left`),
      );
    });
  }, intervalMs);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}

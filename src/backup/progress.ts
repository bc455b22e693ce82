import { readFile } from 'node:fs/promises';
import type { Meter } from '../pipeline/meter.ts';
import type { Position } from '../report/position.ts';

/** `USER_HZ`: what /proc counts processor time in, the same on every Linux that node runs on. */
const ticksPerSecond = 100;

/** How far one lane is. The numbers are live: whoever holds it may read it at any time. */
export class LaneProgress {
  readonly meter: Meter;
  /** The table that pg_dump is in, as it prints it. */
  table: string | undefined;
  tablesBegun = 0;
  /** How many tables pg_dump will come to; undefined where nobody knows. */
  tablesTotal: number | undefined;
  /** The size on disk of all that pg_dump will come to, in bytes; undefined where nobody knows. */
  totalOnDisk: number | undefined;
  /** Bytes that the store has acknowledged. */
  storedBytes = 0;
  /** Bytes that pg_dump has written, before compression; undefined where the system does not tell. */
  dumpedBytes: number | undefined;
  /** Whose bytes are counted as dumped. */
  dumpPid: number | undefined;
  /** Processor seconds of the program that compresses, as of the last look; undefined where the system does not tell. */
  compressCpuSeconds: number | undefined;
  /** Whose processor time that is. */
  compressPid: number | undefined;
  /** Size on disk of the table that pg_dump is in, and of those before it. */
  #tableOnDisk = 0;
  #beforeOnDisk = 0;
  /** What had been dumped when the table began. */
  #dumpedBefore = 0;

  constructor(meter: Meter) {
    this.meter = meter;
  }

  /** A number that changes whenever a byte has moved anywhere: out of pg_dump, out of the pipeline, into the store. */
  get moved(): number {
    return (this.dumpedBytes ?? 0) + this.meter.bytes + this.storedBytes;
  }

  /** To be called with each table that pg_dump comes to, and its size on disk in bytes. */
  beginTable(name: string, onDisk: number): void {
    this.table = name;
    this.tablesBegun += 1;
    this.#beforeOnDisk += this.#tableOnDisk;
    this.#tableOnDisk = onDisk;
    this.#dumpedBefore = this.#dumped;
  }

  /** Asks the kernel how much pg_dump has written, and how long its output was compressed. Never throws. */
  async refresh(): Promise<void> {
    await Promise.all([this.#refreshDumped(), this.#refreshCompressed()]);
  }

  async #refreshCompressed(): Promise<void> {
    if (this.compressPid === undefined) return;
    const stat = await readFile(`/proc/${String(this.compressPid)}/stat`, 'utf8').catch(() => '');
    // The second field is the program's name in parentheses; of those behind it, 12 and 13 are user and system time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    // Once the program has ended it shows nothing more, or another one.
    if (ticks / ticksPerSecond > (this.compressCpuSeconds ?? 0)) this.compressCpuSeconds = ticks / ticksPerSecond;
  }

  async #refreshDumped(): Promise<void> {
    if (this.dumpPid === undefined) return;
    const io = await readFile(`/proc/${String(this.dumpPid)}/io`, 'utf8').catch(() => '');
    const written = /^wchar: (\d+)$/m.exec(io)?.[1];
    if (written !== undefined) this.dumpedBytes = Number(written);
  }

  /** How far the lane is now, for people. Never throws. */
  async look(): Promise<Position> {
    await this.refresh();
    return {
      step: 'dumped',
      bytes: this.#dumped,
      storedBytes: this.storedBytes,
      table:
        this.table === undefined ? undefined : { name: this.table, number: this.tablesBegun, of: this.tablesTotal },
      ...this.#share,
    };
  }

  get #dumped(): number {
    return this.dumpedBytes ?? this.meter.bytes;
  }

  /**
   * The part of the tables, by their size on disk, that pg_dump is through with. Within a table the bytes that the earlier
   * ones took are the measure; one that takes more than that is as good as done, and nobody knows for how long. It stays
   * below 1: only the end is the end.
   */
  get #share(): Pick<Position, 'share' | 'overdue'> {
    if (this.totalOnDisk === undefined || this.totalOnDisk === 0) return { share: undefined };
    const perByteOnDisk = this.#beforeOnDisk > this.totalOnDisk / 50 ? this.#dumpedBefore / this.#beforeOnDisk : 1;
    const inTable = (this.#dumped - this.#dumpedBefore) / perByteOnDisk;
    const done = this.#beforeOnDisk + Math.min(inTable, this.#tableOnDisk);
    return { share: Math.min(0.99, done / this.totalOnDisk), overdue: inTable > this.#tableOnDisk };
  }
}

import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import type { Log } from '../log.ts';
import { oneLine } from '../visible.ts';
import { Pace, type Position, type Standing } from './position.ts';

/** A piece of work to be followed. */
export interface Work {
  /** What it is about, in a few words: a database, a backup. */
  readonly name: string;
  /** Where lines about it go. */
  readonly log: Log;
  /** How far it is. Must not throw. */
  look(): Position | Promise<Position>;
}

/** Tells how far things are while they go on: lines in the log, or bars on a terminal. */
export interface Progress {
  /** Follows a piece of work until the result is disposed. Several may be followed at once. */
  follow(work: Work): Disposable;
}

/** The time, and what is repeated in it. */
export interface Metronome {
  /** In ms, from any beginning; never goes back. */
  now(): number;
  /** Calls `act` each so many ms until the result is disposed. */
  every(ms: number, act: () => void): Disposable;
}

/** The real one. */
export const systemMetronome: Metronome = {
  now: () => performance.now(),
  every(ms, act) {
    const timer = setInterval(act, ms);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
};

const lineEveryMs = 30_000;

/** A line in the log each 30 seconds. */
export function progressLines(metronome: Metronome = systemMetronome): Progress {
  return {
    follow(work) {
      const pace = new Pace(() => metronome.now(), lineEveryMs);
      return metronome.every(lineEveryMs, () => {
        void Promise.resolve(work.look()).then((position) => {
          logStanding(pace.add(position), work.log);
        });
      });
    },
  };
}

function logStanding(standing: Standing, log: Log): void {
  const { step, bytes, totalBytes, storedBytes, bytesPerSecond, table, leftMs } = standing;
  log.info(
    {
      event: 'progress',
      step,
      bytes,
      totalBytes,
      storedBytes,
      bytesPerSecond,
      table: table?.name,
      tableNumber: table?.number,
      tables: table?.of,
      leftMs,
    },
    describeStanding(standing),
  );
}

/** A standing in words, as in `dumped 1.2 GB at 40 MB/s, stored 300 MB, in table 3/12 public.orders, about 2m 10s left`. */
export function describeStanding({ step, bytes, totalBytes, storedBytes, ...rest }: Standing): string {
  const of = totalBytes === undefined ? '' : ` of ${prettyBytes(totalBytes)}`;
  const { table, leftMs } = rest;
  return [
    `${step} ${prettyBytes(bytes)}${of} at ${prettyBytes(rest.bytesPerSecond)}/s`,
    storedBytes === undefined ? undefined : `stored ${prettyBytes(storedBytes)}`,
    table && `in table ${describeTable(table)}`,
    leftMs === undefined ? undefined : `about ${describeLeft(leftMs)} left`,
    rest.share === 1 && rest.then !== undefined ? `now ${rest.then}` : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}

/** `3/12 public.orders`; `3 public.orders` where nobody knows how many there will be. */
export function describeTable({ name, number, of }: NonNullable<Position['table']>): string {
  return `${String(number)}${of === undefined ? '' : `/${String(Math.max(of, number))}`} ${oneLine(name)}`;
}

/** The two largest units are as much as an estimate is good for. */
export function describeLeft(leftMs: number): string {
  return prettyMs(leftMs, { unitCount: 2, secondsDecimalDigits: 0 });
}

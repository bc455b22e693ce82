/** How far a piece of work is, at one moment. */
export interface Position {
  /** What is done with the bytes. */
  readonly step: 'dumped' | 'read' | 'checked';
  readonly bytes: number;
  /** How many bytes there are in all, where that is known and not estimated. */
  readonly totalBytes?: number | undefined;
  /** Bytes that the store has acknowledged, where some are sent to one. */
  readonly storedBytes?: number | undefined;
  /** The table that it is in; `of` is undefined where nobody knows how many there will be. */
  readonly table?: { readonly name: string; readonly number: number; readonly of: number | undefined } | undefined;
  /** The part that is done, from 0 to 1; undefined where nothing tells it. */
  readonly share: number | undefined;
  /** The share stands still although the work goes on: it took more than it was estimated to. */
  readonly overdue?: boolean;
  /** What comes after the last byte, whose time nobody knows. */
  readonly then?: string | undefined;
}

/** How far a piece of work is, how fast it goes and how long it will take. */
export interface Standing extends Position {
  readonly bytesPerSecond: number;
  /** Until all bytes are through; undefined while it could only be guessed. */
  readonly leftMs: number | undefined;
}

/** Sooner, or of less, no time left is told: caches, connections and the first table tell too little of the others. */
const soonestMs = 5000;
const smallestShare = 0.02;

/** Adds pace to positions of one piece of work: the rate of the last while, and the time left from all of it. */
export class Pace {
  readonly #now: () => number;
  readonly #windowMs: number;
  readonly #started: number;
  #seen: { at: number; bytes: number }[];

  /**
   * @param now a clock that never goes back, in ms.
   * @param windowMs the rate is that of the last so many ms, or a little more.
   */
  constructor(now: () => number, windowMs: number) {
    this.#now = now;
    this.#windowMs = windowMs;
    this.#started = now();
    this.#seen = [{ at: this.#started, bytes: 0 }];
  }

  /** To be called with each position, in order. */
  add(position: Position): Standing {
    const at = this.#now();
    this.#seen.push({ at, bytes: position.bytes });
    // One that is older than the window stays, so that there is always something to measure from.
    while (this.#seen.length > 2 && (this.#seen[1]?.at ?? at) <= at - this.#windowMs) this.#seen.shift();
    const [from = { at, bytes: position.bytes }] = this.#seen;
    const seconds = (at - from.at) / 1000;
    const bytesPerSecond = seconds > 0 ? Math.max(0, Math.round((position.bytes - from.bytes) / seconds)) : 0;
    return { ...position, bytesPerSecond, leftMs: this.#leftMs(position, at - this.#started) };
  }

  #leftMs({ share, overdue }: Position, elapsedMs: number): number | undefined {
    if (share === undefined || overdue === true || share < smallestShare || share >= 1 || elapsedMs < soonestMs)
      return undefined;
    return Math.round((elapsedMs * (1 - share)) / share);
  }
}

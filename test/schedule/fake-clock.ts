import type { Clock } from '../../src/schedule/clock.ts';

/** A clock that a test moves: sleeping ends when the time has come, and nothing else takes any time. */
export class FakeClock implements Clock {
  #time: number;
  #sleeping: { until: number; wake: () => void } | undefined;
  /** How long each sleep was asked to be. */
  readonly sleeps: number[] = [];

  constructor(start: string) {
    this.#time = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#time);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      this.#sleeping = { until: this.#time + ms, wake: resolve };
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Lets so much time pass, with everything in it that was waited for. */
  async pass(ms: number): Promise<void> {
    const end = this.#time + ms;
    await settled();
    while (this.#sleeping !== undefined && this.#sleeping.until <= end) {
      const { until, wake } = this.#sleeping;
      this.#sleeping = undefined;
      this.#time = until;
      wake();
      await settled();
    }
    this.#time = end;
  }

  /** Sets the clock without any time passing, or as a machine does that slept; whoever sleeps wakes up then. */
  async jump(ms: number): Promise<void> {
    await settled();
    this.#time += ms;
    this.#sleeping?.wake();
    this.#sleeping = undefined;
    await settled();
  }
}

/** Everything that only waits for promises has gone on. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

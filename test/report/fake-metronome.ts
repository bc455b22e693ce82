import type { Metronome } from '../../src/report/progress.ts';

/** Time that passes when it is told to. */
export class FakeMetronome implements Metronome {
  #now = 0;
  readonly #beats = new Set<{ ms: number; next: number; act: () => void }>();

  now(): number {
    return this.#now;
  }

  every(ms: number, act: () => void): Disposable {
    const beat = { ms, next: this.#now + ms, act };
    this.#beats.add(beat);
    return { [Symbol.dispose]: () => void this.#beats.delete(beat) };
  }

  /** Lets so many ms pass, and what was begun by them come to its end. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#beats].filter(({ next }) => next <= end).sort((a, b) => a.next - b.next)[0];
      if (!due) break;
      this.#now = due.next;
      due.next += due.ms;
      due.act();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  /** How many things are repeated. */
  get beating(): number {
    return this.#beats.size;
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

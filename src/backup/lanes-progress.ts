import type { Position } from '../report/position.ts';
import type { Progress, Work } from '../report/progress.ts';

interface Followed {
  readonly work: Work;
  readonly onDisk: number;
  isOver: boolean;
}

/** How far several lanes of one dump are together. */
export class LanesProgress {
  readonly #onDisk: number;
  readonly #tables: number;
  readonly #followed: Followed[] = [];

  /** @param onDisk of all lanes, in bytes; `tables` is how many they dump. */
  constructor(onDisk: number, tables: number) {
    this.#onDisk = onDisk;
    this.#tables = tables;
  }

  /** What to follow one lane with, the contents of which have this size on disk; it tells nobody else. */
  of(onDisk: number): Progress {
    return {
      follow: (work) => {
        const followed = { work, onDisk, isOver: false };
        this.#followed.push(followed);
        return { [Symbol.dispose]: () => (followed.isOver = true) };
      },
    };
  }

  /** How far all of them are. Of the tables that they are in it names that of the largest lane. Never throws. */
  async look(): Promise<Position> {
    const seen = await Promise.all(this.#followed.map(async (one) => ({ ...one, position: await one.work.look() })));
    const sum = (of: (one: (typeof seen)[number]) => number): number => seen.reduce((all, one) => all + of(one), 0);
    const running = seen.filter(({ isOver }) => !isOver).toSorted((a, b) => b.onDisk - a.onDisk);
    const name = running.find(({ position }) => position.table)?.position.table?.name;
    const done = sum(({ isOver, onDisk, position }) => onDisk * (isOver ? 1 : (position.share ?? 0)));
    return {
      step: 'dumped',
      bytes: sum(({ position }) => position.bytes),
      storedBytes: sum(({ position }) => position.storedBytes ?? 0),
      table:
        name === undefined
          ? undefined
          : { name, number: sum((one) => one.position.table?.number ?? 0), of: this.#tables },
      share: this.#onDisk === 0 ? undefined : Math.min(0.99, done / this.#onDisk),
      overdue: running.length > 0 && running.every(({ position }) => position.overdue === true),
    };
  }
}

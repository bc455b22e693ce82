import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Where `npm run kill-points` wants a file with a row for each sweep. */
const { KILL_POINTS_ROWS } = process.env;

/** Counts what came of the kills of a sweep, of which there must be some: a row of the table of docs/RELIABILITY.md. */
export class Tally {
  readonly #title: string;
  readonly #calls: number;
  readonly #all: number;
  readonly #file: string | undefined;
  readonly #outcomes = new Map<string, number>();

  /**
   * @param calls that the run makes.
   * @param waysPerCall in how many ways each of them can be struck: before or after it, everything or node alone.
   */
  constructor(title: string, calls: number, waysPerCall = 4) {
    this.#title = title;
    this.#calls = calls;
    this.#all = calls * waysPerCall;
    const name = `${String(Date.now())}-${String(process.pid)}-${title.replaceAll(/\W+/g, '-')}`;
    this.#file = KILL_POINTS_ROWS === undefined ? undefined : join(KILL_POINTS_ROWS, name);
  }

  add(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    // A whole sweep takes long: what it has come to is worth knowing, even where it is ended early.
    if (this.#file !== undefined) writeFileSync(this.#file, `${this.#describe()}\n`);
  }

  print(context: TestContext): void {
    assert.notEqual(this.#kills, 0);
    context.diagnostic(this.#describe());
  }

  get #kills(): number {
    return [...this.#outcomes.values()].reduce((sum, count) => sum + count, 0);
  }

  #describe(): string {
    const classes = [...this.#outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
    const told = classes.map(([outcome, count]) => `${outcome} ${String(count)}`).join(', ');
    return `| ${this.#title} | ${String(this.#calls)} | ${String(this.#kills)} of ${String(this.#all)} | ${told} |`;
  }
}

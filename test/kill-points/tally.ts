import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { everyPoint } from './point.ts';

/** Counts what came of the kills of a sweep, of which there must be some, and prints it with the test: the figures of docs/RELIABILITY.md. */
export class Tally {
  readonly #title: string;
  readonly #calls: number;
  readonly #outcomes = new Map<string, number>();

  constructor(title: string, calls: number) {
    this.#title = title;
    this.#calls = calls;
  }

  add(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    // A whole sweep takes long: what it has come to so far is worth knowing, even where it is ended early.
    if (everyPoint && this.#kills % 10 === 0) process.stderr.write(`so far | ${this.#describe()}\n`);
  }

  print(context: TestContext): void {
    assert.notEqual(this.#kills, 0);
    context.diagnostic(`kill points | ${this.#describe()}`);
  }

  get #kills(): number {
    return [...this.#outcomes.values()].reduce((sum, count) => sum + count, 0);
  }

  #describe(): string {
    const classes = [...this.#outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
    const told = classes.map(([outcome, count]) => `${outcome}: ${String(count)}`).join('; ');
    return `${this.#title} | ${String(this.#calls)} | ${String(this.#kills)} | ${told}`;
  }
}

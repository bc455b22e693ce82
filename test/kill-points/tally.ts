import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

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
  }

  print(context: TestContext): void {
    const kills = [...this.#outcomes.values()].reduce((sum, count) => sum + count, 0);
    assert.notEqual(kills, 0);
    const classes = [...this.#outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
    const told = classes.map(([outcome, count]) => `${outcome}: ${String(count)}`).join('; ');
    context.diagnostic(`kill points | ${this.#title} | ${String(this.#calls)} | ${String(kills)} | ${told}`);
  }
}

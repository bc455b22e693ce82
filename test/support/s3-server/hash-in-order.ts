import { createHash } from 'node:crypto';

/** SHA-256 of parts that arrive in any order: one that is early is held until those before it have come. */
export class HashInOrder {
  readonly #hash = createHash('sha256');
  readonly #early = new Map<number, Buffer>();
  #next = 1;

  /** Takes a part, counted from 1; one that has come before is taken for the same. */
  add(partNumber: number, body: Buffer): void {
    if (partNumber < this.#next) return;
    this.#early.set(partNumber, body);
    for (let due = this.#early.get(this.#next); due; due = this.#early.get(this.#next)) {
      this.#hash.update(due);
      this.#early.delete(this.#next);
      this.#next += 1;
    }
  }

  /** In hexadecimal, of the parts without a gap before them. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

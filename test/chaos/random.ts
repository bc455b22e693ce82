/** Numbers that look random and follow from a seed alone: sfc32, seeded with a hash of what names the stream. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** Streams of different names have nothing to do with each other. */
  constructor(...name: readonly (string | number)[]) {
    [this.#a, this.#b, this.#c] = hash(name.join('/'));
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** From 0 to less than 1. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.between(0, list.length - 1)] ?? list[0];
  }

  /** One of these, as often as its weight says. */
  weighted<T>(list: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.next() * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of list) {
      at -= weight;
      if (at < 0) return value;
    }
    throw new Error('nothing to choose from');
  }
}

function hash(name: string): [number, number, number] {
  let [a, b, c] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    a = Math.imul(a ^ code, 2654435761) ^ (a >>> 15);
    b = Math.imul(b ^ code, 1597334677) ^ (b >>> 13);
    c = Math.imul(c ^ code, 2246822519) ^ (c >>> 16);
  }
  return [a | 0, b | 0, c | 0];
}

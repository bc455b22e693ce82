/** Numbers in the order in which they were measured. */
export class Series {
  readonly values: number[] = [];

  add(value: number): void {
    this.values.push(value);
  }

  get first(): number {
    return this.values[0] ?? NaN;
  }

  get last(): number {
    return this.values.at(-1) ?? NaN;
  }

  get most(): number {
    return this.values.reduce((most, value) => Math.max(most, value), -Infinity);
  }

  get median(): number {
    return median(this.values);
  }

  /** The first tenth, at least one number. */
  get firstTenth(): Series {
    return seriesOf(this.values.slice(0, this.#tenth));
  }

  get secondTenth(): Series {
    return seriesOf(this.values.slice(this.#tenth, 2 * this.#tenth));
  }

  get lastTenth(): Series {
    return seriesOf(this.values.slice(-this.#tenth));
  }

  get #tenth(): number {
    return Math.max(1, Math.floor(this.values.length / 10));
  }

  /** What a page needs of it. */
  describe(digits = 0): string {
    const told = (value: number): string => value.toFixed(digits);
    const [begin, end] = [this.firstTenth, this.lastTenth];
    return (
      `first ${told(this.first)}, median ${told(this.median)}, most ${told(this.most)}; ` +
      `first tenth: median ${told(begin.median)}, most ${told(begin.most)}; ` +
      `last tenth: median ${told(end.median)}, most ${told(end.most)}`
    );
  }
}

function seriesOf(values: readonly number[]): Series {
  const series = new Series();
  for (const value of values) series.add(value);
  return series;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

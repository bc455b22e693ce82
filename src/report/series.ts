import { median } from './figures.ts';

/** More points than that a drawing of this size cannot show. */
const mostPoints = 320;

/** One value of a time series. */
export interface Point {
  readonly at: Date;
  readonly value: number;
}

/** A series that is short enough to be drawn: of so many neighbours the one with the largest value. */
export function thin(points: readonly Point[]): { readonly points: readonly Point[]; readonly of: number } {
  const of = Math.ceil(points.length / mostPoints);
  if (of <= 1) return { points, of: 1 };
  const groups = Array.from({ length: Math.ceil(points.length / of) }, (_, index) =>
    points.slice(index * of, index * of + of),
  );
  const largest = groups.map((group) => group.reduce((one, other) => (other.value > one.value ? other : one)));
  // The newest one is what people compare with.
  const newest = points.at(-1);
  return { points: newest && largest.at(-1) !== newest ? [...largest, newest] : largest, of };
}

/** What is usual at each point: the middle of its neighbourhood, which is as wide as a fraction of the series. */
export function trend(points: readonly Point[]): Point[] {
  const reach = Math.max(3, Math.round(points.length / 30));
  return points.map(({ at }, index) => {
    const around = points.slice(Math.max(0, index - reach), index + reach + 1).map(({ value }) => value);
    return { at, value: median(around) ?? 0 };
  });
}

/** The unit that suits a duration's axis. */
export function unitOf(longestMs: number): { readonly name: string; readonly ms: number } {
  if (longestMs < 120_000) return { name: 's', ms: 1000 };
  return longestMs < 7_200_000 ? { name: 'min', ms: 60_000 } : { name: 'h', ms: 3_600_000 };
}

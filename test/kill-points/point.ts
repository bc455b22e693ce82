import type { StartedRun } from '../support/entrypoint.ts';
import { descendants } from '../support/processes.ts';

/** A moment in the life of a run: at its so-many-th call, as it arrives or once it is done but not yet answered. */
export interface Point {
  /** Counted from 1. */
  readonly at: number;
  readonly when: 'before' | 'after';
  /**
   * Everything that the run has started, as a platform does that ends a container; node alone; or nobody: then only the
   * connection is cut, and the reply is lost.
   */
  readonly whom: 'all' | 'node' | 'nobody';
}

const { KILL_POINTS = '' } = process.env;
/** True where every point is to be tried, as `npm run kill-points` does, and not only some of them. */
export const everyPoint = KILL_POINTS !== '';
const [firstWanted = 1, lastWanted = Infinity] = /\d/.test(KILL_POINTS) ? KILL_POINTS.split('-').map(Number) : [];
const isWanted = ({ at }: Point): boolean => at >= firstWanted && at <= lastWanted;

/**
 * The points of a run that makes so many calls: all of them, or some that are spread over the run evenly, its first and
 * its last call included, in turns before and after the call's effect and in turns everything or node alone.
 * @param most how many when not all are wanted.
 */
export function pointsOf(calls: number, most: number): Point[] {
  const ats = Array.from({ length: calls }, (_, index) => index + 1);
  const whens = ['before', 'after'] as const;
  if (!everyPoint) {
    const inTurns = ats.flatMap((at) =>
      whens.map((when, position) => ({ at, when, whom: (at + position) % 2 === 0 ? 'all' : 'node' }) as const),
    );
    return some(inTurns, most);
  }
  // Each call in one way before any in a second: what is ended early has been everywhere.
  const ways = whens.flatMap((when) => (['all', 'node'] as const).map((whom) => ({ when, whom })));
  return ways.flatMap((way) => ats.map((at) => ({ at, ...way }))).filter(isWanted);
}

/** The points at which the reply is lost, of a run that makes so many calls: all, or so many. */
export function lostReplies(calls: number, most: number): Point[] {
  const points = Array.from(
    { length: calls },
    (_, index) => ({ at: index + 1, when: 'after', whom: 'nobody' }) as const,
  );
  return everyPoint ? points.filter(isWanted) : some(points, most);
}

/** So many of a list, evenly spread, with its first and its last. */
function some<T>(all: readonly T[], most: number): T[] {
  if (all.length <= most) return [...all];
  const picked = Array.from({ length: most }, (_, index) => Math.round((index * (all.length - 1)) / (most - 1)));
  return all.filter((_, index) => picked.includes(index));
}

/** SIGKILL to a run, at once and for good. Those whom it has started cannot act on its end where all are meant. */
export function kill({ pid }: Pick<StartedRun, 'pid'>, whom: Point['whom']): void {
  if (whom === 'nobody') return;
  if (whom === 'all') {
    // Else it would see the first of its children die and could still do something about it.
    if (pid !== process.pid) send(pid, 'SIGSTOP');
    for (const child of descendants(pid)) send(child.pid, 'SIGKILL');
  }
  send(pid, 'SIGKILL');
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended by itself.
  }
}

const whose = { all: 'everything', node: 'node alone', nobody: 'the reply is lost' } as const;

/** For people: `before call 7 (PutObject manifest.json), everything`. */
export function describePoint({ at, when, whom }: Point, call: string | undefined): string {
  return `${when} call ${String(at)} (${call ?? 'never made'}), ${whose[whom]}`;
}

import { type FailureKind, failureKinds } from '../errors.ts';

/**
 * From the worst: first what ended the run as a whole, so that parts of it were not begun; then what only a person can
 * put right; then what the next run may get over by itself. An exit code that is none of ours stands with `bug`.
 */
const fromWorst: readonly FailureKind[] = [
  'sigterm',
  'sigint',
  'deadline',
  'bug',
  'verification',
  'denied',
  'config',
  'usage',
  'target',
  'store',
  'database',
  'dump',
  'stale',
  'locked',
];
const ranks = new Map<number, number>(fromWorst.map((kind, rank) => [failureKinds[kind].exitCode, rank]));

/**
 * The exit code of a run of several parts, from those of its parts: 0 only if every one of them is 0 and there is one at
 * all, otherwise the worst in the order above, whatever the order of the parts. No part at all is a `bug`.
 */
export function worstExit(codes: readonly number[]): number {
  const failed = codes.filter((code) => code !== 0);
  if (failed.length === 0) return codes.length === 0 ? failureKinds.bug.exitCode : 0;
  return failed.reduce((worst, code) => {
    const difference = rankOf(code) - rankOf(worst);
    return difference < 0 || (difference === 0 && code > worst) ? code : worst;
  });
}

function rankOf(code: number): number {
  return ranks.get(code) ?? fromWorst.indexOf('bug');
}

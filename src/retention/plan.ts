import type { RetentionPolicy } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { type Candidate, type Reason, wishesOf } from './rules.ts';

/** How far two clocks may be apart before neither is believed. */
const clockToleranceMs = 86_400_000;
/** So long after its manifest was stored, a run that does not know that it was may still take its backup back. */
const doubtMs = 3_600_000;

/** A folder of ours without a manifest, which no run is at any more: see survey.ts. */
export interface Leftover {
  readonly id: string;
  readonly startedAt: Date;
}

/** What a plan is made from. All of it is about one database. */
export interface RetentionRequest<B extends Candidate, L extends Leftover = Leftover> {
  /** Complete backups of our own, in any order. */
  readonly backups: readonly B[];
  readonly leftovers?: readonly L[];
  readonly policy: RetentionPolicy;
  /** By this machine's clock. */
  readonly now: Date;
  /** The backup that this very run has made: it stays whatever its name says. */
  readonly madeNow?: string | undefined;
}

/** What stays, what goes and why. */
export interface RetentionPlan<B extends Candidate, L extends Leftover = Leftover> {
  /** Newest first. Together with `remove` every backup of the request, each once. */
  readonly keep: readonly { readonly backup: B; readonly reasons: readonly Reason[] }[];
  /** Oldest first. */
  readonly remove: readonly B[];
  /** Folders that an interrupted prune or run has left, oldest first. */
  readonly finish: readonly L[];
  /** Why nothing may be removed at all: `remove` and `finish` are empty then. */
  readonly refused: Failure | undefined;
  /** Set where more than half of the counted backups would go: only to be done after a person has said so. */
  readonly excessive: { readonly gone: number; readonly of: number } | undefined;
  /** For people: what is odd, in one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Decides which backups of a database stay. Pure: the same request gives the same plan, whatever the order of its
 * backups. Whatever the policy, these stay: the newest `minimum` backups (and never only one that is younger than an hour,
 * unless this run has made it), the newest proved one, the one just made, and every backup whose name is ahead of the
 * store's clock by more than a day. Those are not counted either, so that backups of a wrong clock, or made up by somebody
 * with the right to write, cannot take the place of real ones. Nothing goes at all while this machine's clock is behind the
 * newest backup by more than a day.
 */
export function planRetention<B extends Candidate, L extends Leftover = Leftover>(
  request: RetentionRequest<B, L>,
): RetentionPlan<B, L> {
  const newestFirst = request.backups.toSorted(byAge);
  const counted = newestFirst.filter((backup) => !isAhead(backup));
  const reasons = reasonsToKeep(counted, request);
  const keep = newestFirst
    .map((backup) => ({ backup, reasons: reasons.get(backup) ?? [] }))
    .filter(({ backup, reasons: [first] }) => first !== undefined || isAhead(backup));
  const refused = clockFailure(request.backups, request.now);
  const warnings = aheadWarnings(newestFirst.filter(isAhead));
  if (refused) {
    const all = newestFirst.map((backup) => ({ backup, reasons: reasons.get(backup) ?? [] }));
    return { keep: all, remove: [], finish: [], refused, excessive: undefined, warnings };
  }
  const remove = counted.filter((backup) => !reasons.has(backup)).toReversed();
  const finish = (request.leftovers ?? [])
    .filter((leftover) => !wouldStay(leftover, counted, request))
    .sort((a, b) => -byAge(a, b));
  const isMost = remove.length * 2 > counted.length;
  const excessive = isMost ? { gone: remove.length, of: counted.length } : undefined;
  return { keep, remove, finish, refused, excessive, warnings };
}

/** The refusal of an excessive plan, for whoever has not been told by a person to go on; else undefined. */
export function tooMuch<B extends Candidate>(plan: RetentionPlan<B>, database: string): Failure | undefined {
  if (!plan.excessive) return undefined;
  const { gone, of } = plan.excessive;
  return new Failure('usage', `${gone} of ${of} backups of ${database} would go, which is more than half`, {
    hint: 'Look at what prune --dry-run shows; if that is what you want, run prune --yes once.',
  });
}

function reasonsToKeep<B extends Candidate>(
  counted: readonly B[],
  { policy, now, madeNow }: Pick<RetentionRequest<B>, 'policy' | 'now' | 'madeNow'>,
): Map<B, Reason[]> {
  const reasons = new Map<B, Reason[]>();
  const add = (backup: B, reason: Reason): void => {
    reasons.set(backup, [...(reasons.get(backup) ?? []), reason]);
  };
  for (const { backup, reason } of wishesOf(counted, policy, now)) add(backup, reason);
  const [newest] = counted;
  // Else the prune that somebody starts meanwhile takes the last backup but that one, and then that one goes too.
  const isSure = newest === undefined || newest.id === madeNow || +now - +newest.storedAt > doubtMs;
  for (const backup of counted.slice(0, Math.max(isSure ? 1 : 2, policy.minimum))) add(backup, { rule: 'minimum' });
  const proved = counted.find((backup) => backup.proved);
  if (proved) add(proved, { rule: 'proved' });
  const made = counted.find(({ id }) => id === madeNow);
  if (made) add(made, { rule: 'made now' });
  return reasons;
}

/**
 * Whether the policy would keep a backup of that time. A folder whose manifest a prune has taken away is one that the
 * policy did not want. One that it does want has lost its manifest in another way, or never had one, and its data may be
 * all there is.
 */
function wouldStay<B extends Candidate>(
  { id, startedAt }: Leftover,
  counted: readonly B[],
  request: Pick<RetentionRequest<B>, 'policy' | 'now'>,
): boolean {
  const backup: Candidate = { id, startedAt, storedAt: startedAt, proved: false };
  return reasonsToKeep<Candidate>([...counted, backup].sort(byAge), request).has(backup);
}

/** Newest first; those of the same second by id, so that the order is always the same. */
function byAge(a: Leftover, b: Leftover): number {
  return +b.startedAt - +a.startedAt || (a.id < b.id ? 1 : -1);
}

function isAhead({ startedAt, storedAt }: Candidate): boolean {
  return +startedAt - +storedAt > clockToleranceMs;
}

function clockFailure(backups: readonly Candidate[], now: Date): Failure | undefined {
  const latest = (backup: Candidate): number =>
    Math.max(+backup.storedAt, isAhead(backup) ? Number.NEGATIVE_INFINITY : +backup.startedAt);
  const newest = backups.toSorted((a, b) => latest(b) - latest(a)).at(0);
  if (!newest || latest(newest) - +now <= clockToleranceMs) return undefined;
  const [time, clock] = [new Date(latest(newest)).toISOString(), now.toISOString()];
  return new Failure('config', `the clock of this machine says ${clock}, but ${newest.id} is of ${time}`, {
    hint: 'Correct the clock. If it is right, that backup was made with a wrong one: remove its folder by hand.',
  });
}

function aheadWarnings(ahead: readonly Candidate[]): string[] {
  const [first] = ahead;
  if (!first) return [];
  const others = ahead.length > 1 ? ` and ${String(ahead.length - 1)} more are` : ' is';
  return [
    `${first.id}${others} named after a time at which the store did not have it yet: made with a wrong clock, or made up; not counted, and never removed by retention`,
  ];
}

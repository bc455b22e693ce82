import type { RetentionPolicy, ScheduleConfig } from '../config/config.ts';
import { policyWords } from '../retention/calendar.ts';
import { planRetention } from '../retention/plan.ts';
import type { Candidate } from '../retention/rules.ts';
import { nextTick } from '../schedule/ticks.ts';
import type { Run } from './history.ts';

/** So many backups to come are thought of when looking for the next removal. */
const lookAhead = 40;

/** One backup that goes. */
export interface Going {
  readonly id: string;
  readonly startedAt: Date;
  readonly bytes: number;
}

/** What retention removes. */
export interface Removals {
  /** As the variables say it. */
  readonly policy: string;
  readonly counted: number;
  /** What goes with the next run of `prune`, oldest first. */
  readonly now: readonly Going[];
  /** Else, what goes first once more backups are there, where the schedule tells when they will be. */
  readonly next: { readonly after: Date; readonly going: readonly Going[] } | undefined;
  /** Why it removes nothing, or would want a person's word before, in one sentence. */
  readonly held: string | undefined;
}

/** What retention will remove next; undefined where no rules are set, which removes nothing. */
export function removalsOf(
  runs: readonly Run[],
  policy: RetentionPolicy | undefined,
  schedule: ScheduleConfig | undefined,
  now: Date,
): Removals | undefined {
  if (!policy) return undefined;
  const backups = runs.map(({ candidate }) => candidate).filter((candidate) => candidate !== undefined);
  const sizes = new Map(backups.map(({ id, bytes }) => [id, bytes]));
  const asGoing = ({ id, startedAt }: Candidate): Going => ({ id, startedAt, bytes: sizes.get(id) ?? 0 });
  const plan = planRetention({ backups, policy, now });
  const { refused, excessive } = plan;
  return {
    policy: policyWords(policy),
    counted: backups.length,
    now: plan.remove.map(asGoing),
    next: plan.remove.length > 0 || refused ? undefined : firstRemoval(backups, policy, schedule, now, asGoing),
    held: refused
      ? refused.message
      : excessive && `${excessive.gone} of ${excessive.of} backups would go: retention waits for prune --yes`,
  };
}

/** Lets backups come, tick by tick, until one goes. */
function firstRemoval(
  backups: readonly Candidate[],
  policy: RetentionPolicy,
  schedule: ScheduleConfig | undefined,
  now: Date,
  asGoing: (candidate: Candidate) => Going,
): Removals['next'] {
  if (!schedule || backups.length === 0) return undefined;
  const all = [...backups];
  let at = now;
  for (let coming = 0; coming < lookAhead; coming += 1) {
    at = nextTick(schedule, at);
    all.push({ id: `to come ${coming}`, startedAt: at, storedAt: at, proved: false });
    const { remove, refused } = planRetention({ backups: all, policy, now: at });
    if (refused) return undefined;
    const going = remove.filter(({ id }) => !id.startsWith('to come'));
    if (going.length > 0) return { after: at, going: going.map(asGoing) };
  }
  return undefined;
}

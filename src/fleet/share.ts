import { Failure, throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { FleetMember } from './file.ts';
import type { Fleet } from './fleet.ts';
import { planShares } from './plan.ts';
import { isPlanKey, planKey, readPlan, type RecordedPlan, recordPlan } from './recorded-plan.ts';
import { readSizes } from './sizes.ts';

const dayMs = 86_400_000;
/** Plans of other runs are removed when they are older. */
const keptMs = 30 * dayMs;
/** No run takes so long: an older plan is that of a run which had the same name. */
const staleMs = 7 * dayMs;

/** The members of one process. */
export interface Share {
  /** In the order in which they are to be backed up. */
  readonly members: readonly FleetMember[];
  /** What the fleet was shared by; `nothing` where one process has all of it. */
  readonly by: 'sizes' | 'names' | 'nothing';
  readonly warnings: readonly string[];
}

/** What sharing takes. */
export interface ShareRequest {
  readonly fleet: Pick<Fleet, 'members' | 'index' | 'shards' | 'run'>;
  /** The root of the fleet's store. */
  readonly store: Store;
  readonly runId: string;
  /** When this process began. */
  readonly now: Date;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Takes this process's share of a fleet. Processes of a run begin at different times, the catalog changes meanwhile, and
 * still each member must be in exactly one share: so the first process records the sizes that it has seen, and a plan
 * counts only where it was read back from the store. What one process of a run may not do none of them may; then they
 * all go by names alone, which needs nothing but the file.
 * @throws {Failure} what the store throws, but for a refused permission.
 */
export async function takeShare(request: ShareRequest): Promise<Share> {
  const { fleet, now } = request;
  const { members, index, shards } = fleet;
  if (shards === 1) return { members, by: 'nothing', warnings: [] };
  const found = await findPlan(request);
  const names = members.map(({ name }) => name);
  const warnings: string[] = [];
  if (typeof found === 'string') warnings.push(`the fleet is shared by names alone, not by size: ${found}`);
  else warnings.push(...doubtsAbout(found, fleet, now));
  const sized =
    typeof found === 'string'
      ? names.map((name) => ({ name, bytes: undefined }))
      : Object.entries(found.members).map(([name, bytes]) => ({ name, bytes: bytes ?? undefined }));
  const byName = new Map(members.map((member) => [member.name, member]));
  const share = planShares(sized, shards, names).shares[index] ?? [];
  if (share.length === 0) warnings.push(`there are more shares than members: nothing is left for share ${index}`);
  return {
    members: share.flatMap((name) => byName.get(name) ?? []),
    by: typeof found === 'string' ? 'names' : 'sizes',
    warnings,
  };
}

function doubtsAbout({ recordedAt, shards }: RecordedPlan, fleet: ShareRequest['fleet'], now: Date): string[] {
  const { run = '' } = fleet;
  const doubts: string[] = [];
  if (shards !== fleet.shards) {
    doubts.push(
      `FLEET_SHARDS is ${fleet.shards} here, but was ${shards} where the run ${run} began: unless all processes agree, members are left out`,
    );
  }
  if (now.getTime() - Date.parse(recordedAt) > staleMs) {
    doubts.push(`the sizes of the run ${run} are of ${recordedAt.slice(0, 10)}; give each run a FLEET_RUN of its own`);
  }
  return doubts;
}

/** The plan of the run, or why there is none. */
async function findPlan(request: ShareRequest): Promise<RecordedPlan | string> {
  const { store, signal, log, now, runId, fleet } = request;
  const { run, shards, members } = fleet;
  if (run === undefined)
    return 'nothing tells one run from the next; set FLEET_RUN, the same for all processes of a run';
  const refused: string[] = [];
  /** Undefined where the store refuses it. */
  const tried = async <T>(attempt: Promise<T>): Promise<T | undefined> => {
    try {
      return await attempt;
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof Failure) || (error.kind !== 'denied' && error.kind !== 'verification')) throw error;
      refused.push(error.message);
      return undefined;
    }
  };
  // Without the right to list what is missing looks forbidden: nothing is told of that until it was written.
  const first = await readPlan(store, run, signal).catch((error: unknown) => {
    throwIfAborted(signal);
    if (error instanceof Failure && error.kind === 'denied') return undefined;
    if (error instanceof Failure && error.kind === 'verification') return error.message;
    throw error;
  });
  if (first !== undefined) return first;
  const sizes = await tried(readSizes(store, now, signal));
  if (sizes === undefined) return refused.join(', ');
  const bytes = Object.fromEntries(members.map(({ name }) => [name, sizes.bytes.get(name) ?? null]));
  const recorded = await tried(
    recordPlan(store, { run, recordedAt: now.toISOString(), shards, members: bytes }, runId, signal).then(
      () => undefined,
      (error: unknown) => {
        throwIfAborted(signal);
        if (error instanceof Failure && error.kind === 'store') return error;
        throw error;
      },
    ),
  );
  if (refused.length > 0) return refused.join(', ');
  // Another process may have been faster: whose plan it is does not matter, if only all have the same.
  const plan = await tried(readPlan(store, run, signal));
  if (plan !== undefined) {
    if (!recorded) {
      log.info(`the sizes of ${members.length} members are recorded as ${store.describe(planKey(run))}`);
      await removeOldPlans(request, sizes.atRoot);
    }
    return plan;
  }
  if (refused.length > 0) return refused.join(', ');
  throw recorded ?? new Failure('store', `${store.describe(planKey(run))} is gone, although it was just written`);
}

async function removeOldPlans(
  { store, now, log, signal, fleet }: ShareRequest,
  atRoot: readonly { readonly key: string; readonly lastModified: Date }[],
): Promise<void> {
  const old = atRoot.filter(
    ({ key, lastModified }) =>
      isPlanKey(key) && key !== planKey(fleet.run ?? '') && now.getTime() - lastModified.getTime() > keptMs,
  );
  for (const { key } of old) {
    try {
      await store.remove(key, signal);
    } catch (error) {
      throwIfAborted(signal);
      log.info(
        { key },
        `the plan of an old run was not removed: ${error instanceof Error ? error.message : String(error)}`,
      );
      return;
    }
  }
}

import * as z from 'zod';
import { parseRecord, readText } from '../catalog/stored-record.ts';
import { Failure } from '../errors.ts';
import type { Store } from '../store/store.ts';

const schema = z.object({
  schemaVersion: z.literal(1),
  run: z.string(),
  recordedAt: z.iso.datetime(),
  /** What FLEET_SHARDS was where it was recorded. */
  shards: z.number().int().positive(),
  /** Bytes by name; null for a member without a backup. */
  members: z.record(z.string(), z.number().nonnegative().nullable()),
});

/** What the first process of a run has recorded for the others: which members there are, and how large. */
export type RecordedPlan = z.infer<typeof schema>;

/** Far more than 100,000 members need. */
const maxBytes = 32 * 1024 ** 2;

const kind = {
  schema,
  version: 1,
  elseUse: ' in all processes of the run',
  damagedHint: 'It was edited or cut. Remove it before the next run of this name.',
};

/** The key of the plan of a run. */
export function planKey(run: string): string {
  return `fleet-${run}.json`;
}

/** Whether a key is that of a plan. */
export function isPlanKey(key: string): boolean {
  return /^fleet-[^/]+\.json$/.test(key);
}

/**
 * The plan of a run; undefined where there is none.
 * @throws {Failure} `verification` for one that cannot be understood; `denied` where the store does not let us look, or
 * where it tells nobody without the right to list that an object is missing; what else the store throws.
 */
export async function readPlan(store: Store, run: string, signal: AbortSignal): Promise<RecordedPlan | undefined> {
  const key = planKey(run);
  if ((await store.head(key, signal)) === undefined) return undefined;
  const text = await readText(store, key, maxBytes, signal);
  const where = store.describe(key);
  if (text === undefined) {
    throw new Failure('verification', `${where} is larger than any plan`, {
      hint: kind.damagedHint,
      retryable: false,
    });
  }
  const plan = parseRecord(kind, text, where);
  if (plan.run === run) return plan;
  throw new Failure('verification', `${where} is the plan of another run`, {
    hint: kind.damagedHint,
    retryable: false,
  });
}

/**
 * Records a plan, if nobody else has.
 * @throws {Failure} `store` where there is one already; what the store throws.
 */
export async function recordPlan(
  store: Store,
  plan: Omit<RecordedPlan, 'schemaVersion'>,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  const content = `${JSON.stringify({ schemaVersion: 1, ...plan })}\n`;
  await store.putSmall(planKey(plan.run), content, { runId, contentType: 'application/json', signal });
}

import prettyBytes from 'pretty-bytes';
import type { RetentionPolicy } from '../config/config.ts';
import { type Failure, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store/store.ts';
import { removeFolders } from './apply.ts';
import { planRetention, tooMuch } from './plan.ts';
import { surveyStore } from './survey.ts';

/** How long removals under way may take to end once the run is told to end; what is stored stays stored. */
const endWithinMs = 5000;

/** What retention did after a backup. */
export interface Pruned {
  /** How many backups, and folders of an interrupted prune or run, were removed, and how many could not be. */
  readonly pruned?: { readonly removed: number; readonly failed: number };
  /** Why something was not done, in whole sentences. */
  readonly warnings: readonly string[];
}

/** After which backup. */
export interface AfterBackup {
  readonly store: Store;
  readonly database: string;
  /** The id of the backup that was just made. */
  readonly madeNow: string;
  readonly policy: RetentionPolicy;
  readonly backupTimeoutMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Applies retention to a database whose backup has just been made. Never rejects, and ends soon after the signal is
 * aborted: the backup is complete, whatever comes of this.
 */
export async function pruneAfterBackup(request: AfterBackup): Promise<Pruned> {
  using ending = endSoon(request.signal);
  try {
    return await Promise.race([applyTo(request), ending.promise]);
  } catch (error) {
    return { warnings: [skipped(toFailure(error))] };
  }
}

async function applyTo({
  store,
  database,
  madeNow,
  policy,
  backupTimeoutMs,
  log,
  signal,
}: AfterBackup): Promise<Pruned> {
  const [survey] = await surveyStore({ store, database, backupTimeoutMs, signal });
  if (!survey) return { warnings: [] };
  const plan = planRetention({ ...survey, policy, now: new Date(), madeNow });
  const warnings = plan.warnings.map((warning) => `retention: ${warning}`);
  const refusal = plan.refused ?? tooMuch(plan, database);
  if (refusal) return { pruned: { removed: 0, failed: 0 }, warnings: [...warnings, skipped(refusal)] };

  const folders = [...plan.finish, ...plan.remove].map(({ entry }) => entry);
  const { removed, failed, bytesFreed, interrupted } = await removeFolders(store, folders, signal);
  log.info(
    { event: 'pruned', database, removed },
    `retention: ${plan.keep.length} ${plan.keep.length === 1 ? 'backup stays' : 'backups stay'}, ${removed.length} removed (${prettyBytes(bytesFreed)})`,
  );
  const untouched = new Set(failed.map(({ id }) => id)).size;
  const [first] = failed;
  if (first) warnings.push(`retention: ${untouched} could not be removed: ${sentence(first.failure)}`);
  if (interrupted) warnings.push(`retention was cut short: ${interrupted.message}; the next run goes on`);
  return { pruned: { removed: removed.length, failed: untouched }, warnings };
}

function skipped(failure: Failure): string {
  return `retention was skipped: ${sentence(failure)}`;
}

function sentence({ message, hint }: Failure): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

/** Rejects with the reason of the aborted signal some seconds after it. */
function endSoon(signal: AbortSignal): Disposable & { readonly promise: Promise<never> } {
  const { promise, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => reject(toFailure(signal.reason)), endWithinMs);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    promise,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    },
  };
}

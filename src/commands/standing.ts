import { believeOnly } from '../catalog/believe.ts';
import { type Entry, listCatalog, readEntry } from '../catalog/entries.ts';
import { timeOfId } from '../catalog/ids.ts';
import { readLastFailure } from '../catalog/last-failure.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { newestPassed } from '../schedule/proved.ts';
import type { Store } from '../store/store.ts';
import { inTime } from './in-time.ts';

/** How a database stands, by what the store holds: what a message tells beside how a run ended. */
export interface Standing {
  /** The newest complete backup; `unknown` where the store could not be asked. */
  readonly newestGood: { readonly id: string; readonly startedAt: Date } | undefined | 'unknown';
  /** Stored bytes of the newest backup before the one that was just made. */
  readonly previousBytes: number | undefined;
  readonly lastProofAt: Date | undefined;
  /** A run has failed since the newest backup before the one that was just made. */
  readonly recovered: boolean;
}

/** How one stands whose store cannot be asked. */
export const unknownStanding: Standing = {
  newestGood: 'unknown',
  previousBytes: undefined,
  lastProofAt: undefined,
  recovered: false,
};

/** What to ask. */
export interface Question {
  readonly store: Store;
  /** Of those whose signatures are believed; empty where everybody is. */
  readonly publicKeys: readonly string[];
  readonly database: string;
  /** The id of the backup that was just made, if one was. */
  readonly madeNow: string | undefined;
  /** Whether to look if a run has failed before. */
  readonly asksRecovery: boolean;
  /** How long all of it may take. */
  readonly withinMs: number;
  readonly log: Log;
}

/**
 * Asks the store, as far as it lets us and in time: what it does not say is unknown, and the log says why. Never rejects,
 * and never takes longer, whatever hangs.
 */
export async function askStanding({ withinMs, log, ...question }: Question): Promise<Standing> {
  let standing = unknownStanding;
  const learn = (more: Partial<Standing>): void => {
    standing = { ...standing, ...more };
  };
  try {
    await inTime(withinMs, 'the store', (signal) => ask(question, learn, signal));
  } catch (error) {
    log.info(`how the database stands is not known: ${error instanceof Error ? error.message : String(error)}`);
  }
  return standing;
}

async function ask(
  { store: whole, publicKeys, database, madeNow, asksRecovery }: Omit<Question, 'withinMs' | 'log'>,
  learn: (more: Partial<Standing>) => void,
  signal: AbortSignal,
): Promise<void> {
  const store = believeOnly(whole, publicKeys);
  const { entries } = await listCatalog(store, database, signal);
  const found = entries.filter((entry) => entry.complete);
  const complete = publicKeys.length > 0 ? await believed(store, found, signal) : found;
  learn({ newestGood: asNewest(complete.at(-1)) });
  const previous = complete.findLast(({ id }) => id !== madeNow);
  const [manifest, failure, proved] = await Promise.allSettled([
    previous && readEntry(store, previous, signal),
    asksRecovery ? readLastFailure(store, database, signal) : undefined,
    newestPassed(store, complete, signal),
  ]);
  const before = manifest.status === 'fulfilled' ? manifest.value : undefined;
  if (proved.status === 'fulfilled' && proved.value.passed) {
    learn({ lastProofAt: new Date(proved.value.passed.finishedAt) });
  }
  if (madeNow === undefined) return;
  learn({ previousBytes: before?.artifacts.reduce((sum, { bytes }) => sum + bytes, 0) });
  // A missing object cannot be read either: no failure is known then.
  const failedAt = failure.status === 'fulfilled' ? failure.value?.failedAt : undefined;
  if (failedAt !== undefined) learn({ recovered: Date.parse(failedAt) > endOf(previous, before) });
}

/**
 * Without those at the newer end that cannot be believed: whoever may write could put backups of his own behind ours. Only
 * the newest two are told of.
 */
async function believed(store: Store, entries: readonly Entry[], signal: AbortSignal): Promise<Entry[]> {
  const newestFirst: Entry[] = [];
  for (const entry of entries.toReversed()) {
    if (newestFirst.length >= 2 || (await isBelieved(store, entry, signal))) newestFirst.push(entry);
  }
  return newestFirst.reverse();
}

async function isBelieved(store: Store, entry: Entry, signal: AbortSignal): Promise<boolean> {
  try {
    await readEntry(store, entry, signal);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.kind === 'verification') return false;
    throw error;
  }
}

/** Without an earlier backup any failure came after it. */
function endOf(previous: Entry | undefined, manifest: Manifest | undefined): number {
  if (manifest) return Date.parse(manifest.finishedAt);
  return (previous && timeOfId(previous.id)?.getTime()) ?? Number.NEGATIVE_INFINITY;
}

function asNewest(entry: Entry | undefined): Standing['newestGood'] {
  const startedAt = entry && timeOfId(entry.id);
  return entry && startedAt && { id: entry.id, startedAt };
}

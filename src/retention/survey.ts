import { type Described, describeEntry, type Entry, listCatalog } from '../catalog/entries.ts';
import { timeOfId } from '../catalog/ids.ts';
import { fileNames } from '../catalog/keys.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readProofs, type StoredProof } from '../catalog/proofs.ts';
import { someAtATime } from '../catalog/some-at-a-time.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { leftBy, storeTime } from './interrupted.ts';
import type { Leftover } from './plan.ts';
import type { Candidate } from './rules.ts';

/** Backups that are looked at at once. */
const readers = 8;

/** A complete backup as retention sees it. */
export interface StoredBackup extends Candidate {
  readonly entry: Entry;
  /** Of everything in its folder. */
  readonly bytes: number;
}

/** A folder that an interrupted prune has left, or an interrupted run. */
export interface LeftoverFolder extends Leftover {
  readonly entry: Entry;
  readonly by: 'prune' | 'run';
}

/** What retention knows of one database. */
export interface Survey {
  readonly database: string;
  readonly backups: readonly StoredBackup[];
  readonly leftovers: readonly LeftoverFolder[];
  /** Folders that are neither counted nor removed, and why. */
  readonly untouched: readonly { readonly folder: string; readonly why: string }[];
}

/** What to survey. */
export interface SurveyRequest {
  readonly store: Store;
  /** All databases of the store when undefined. */
  readonly database: string | undefined;
  /** How long a backup may take, in ms: see interrupted.ts. */
  readonly backupTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Looks at a store the way retention needs: only a backup whose manifest is ours and undamaged, and whose data is all
 * there in the size that the manifest says, is one. Objects that are not ours are not even mentioned.
 * @returns one survey a database, by name.
 * @throws {Failure} what the store throws: from half of the truth nothing is decided.
 */
export async function surveyStore({ store, database, backupTimeoutMs, signal }: SurveyRequest): Promise<Survey[]> {
  const { entries } = await listCatalog(store, database, signal);
  const now = storeTime(entries);
  const complete = entries.filter((entry) => entry.complete);
  // Each is judged at once: a hundred thousand manifests are not to be in memory together.
  const judged = await someAtATime(complete, readers, async (entry) => {
    const described = await describeEntry(store, entry, signal);
    signal.throwIfAborted();
    return judge(store, entry, described, signal);
  });
  const surveys = new Map<string, { backups: StoredBackup[]; leftovers: LeftoverFolder[]; untouched: Untouched[] }>();
  const of = (name: string) => {
    const survey = surveys.get(name) ?? { backups: [], leftovers: [], untouched: [] };
    surveys.set(name, survey);
    return survey;
  };
  for (const [index, { database: name }] of complete.entries()) {
    const survey = of(name);
    const found = judged[index];
    if (found === undefined) continue;
    if ('why' in found) survey.untouched.push(found);
    else survey.backups.push(found);
  }
  for (const entry of entries) {
    if (entry.complete) continue;
    const survey = of(entry.database);
    const startedAt = timeOfId(entry.id) ?? now;
    const by = await leftBy(store, entry, { now, backupTimeoutMs, signal });
    if (entry.hollow) survey.untouched.push({ folder: entry.folder, why: 'its data is missing' });
    else if (by) survey.leftovers.push({ id: entry.id, startedAt, entry, by });
    else survey.untouched.push({ folder: entry.folder, why: 'it has no manifest' });
  }
  return [...surveys].map(([name, survey]) => ({ database: name, ...survey })).sort(byName);
}

/** A folder that retention leaves alone, and why. */
export type Untouched = Survey['untouched'][number];

/** Undefined for a backup that somebody has removed meanwhile. */
async function judge(
  store: Store,
  entry: Entry,
  backup: Described,
  signal: AbortSignal,
): Promise<StoredBackup | Untouched | undefined> {
  const { folder, id, objects } = backup;
  const marker = objects.find(({ key }) => key === folder + fileNames.manifest);
  if (!marker || !timeOfId(id)) return undefined;
  if ('failure' in backup) {
    throwIfAborted(signal);
    if (backup.failure instanceof Failure && backup.failure.kind === 'verification') {
      return { folder, why: `its manifest cannot be believed: ${backup.failure.message}` };
    }
    if ((await store.head(marker.key, signal)) === undefined) return undefined;
    throw backup.failure;
  }
  return weigh(entry, backup.manifest, await readProofs(store, backup, signal));
}

/**
 * Whether retention counts a complete backup, and as what.
 * @param proofs all of them, oldest first.
 * @throws {Failure} where a proof could not be read: it may be the one that counts.
 */
export function weigh(entry: Entry, manifest: Manifest, proofs: readonly StoredProof[]): StoredBackup | Untouched {
  const { folder, id, objects } = entry;
  if (manifest.tool.name !== 'pg-offsite') return { folder, why: `it was made by ${manifest.tool.name}` };
  const damaged = manifest.artifacts.find(
    ({ key, bytes }) => !objects.some((object) => object.key === folder + key && object.bytes === bytes),
  );
  if (damaged) return { folder, why: `${damaged.key} is missing or not of the size that the manifest says` };
  const marker = objects.find(({ key }) => key === folder + fileNames.manifest);
  const startedAt = timeOfId(id);
  if (!marker || !startedAt) return { folder, why: 'it has no manifest' };
  return {
    id,
    startedAt,
    storedAt: marker.lastModified,
    proved: isProved(manifest, proofs),
    entry,
    bytes: objects.reduce((sum, object) => sum + object.bytes, 0),
  };
}

/** The last drill that could judge it decides; before any, the one that its own run may have made. */
function isProved(manifest: Manifest, proofs: readonly StoredProof[]): boolean {
  let outcome: string | undefined;
  for (const read of proofs) {
    // One that is damaged proves nothing. One that could not be read may be the one that counts.
    if ('proof' in read) outcome = read.proof.outcome === 'could not run' ? outcome : read.proof.outcome;
    else if (read.failure.kind !== 'verification') throw read.failure;
  }
  return outcome === undefined ? manifest.verified === 'drill' : outcome === 'passed';
}

function byName(a: Survey, b: Survey): number {
  return a.database < b.database ? -1 : 1;
}

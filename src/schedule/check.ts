import { type Entry, readEntry } from '../catalog/entries.ts';
import { timeOfId } from '../catalog/ids.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Proof } from '../catalog/proof.ts';
import type { ScheduleConfig } from '../config/config.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { type Demand, type Freshness, judge } from './freshness.ts';
import { newestPassed } from './proved.ts';

/** A backup that began later than this after now was made by a clock that is wrong, or is not ours: it says nothing. */
export const aheadMs = 10 * 60_000;
/** Added to how long the newest backup took where no grace is given: platforms start jobs late. */
export const usualGraceMs = 3_600_000;

/** What a check asks for. */
export interface CheckRequest {
  readonly store: Store;
  /** Also the newest passed proof must be fresh. */
  readonly proved: boolean;
  readonly schedule: ScheduleConfig | undefined;
  /** Instead of the schedule. */
  readonly maxAgeMs: number | undefined;
  /** Undefined for one that depends on how long backups take. */
  readonly graceMs: number | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** What was found of one database. */
export interface Checked {
  readonly database: string;
  readonly fresh: boolean;
  /** Why it is not fresh, for people. */
  readonly reasons: readonly string[];
  /** What else they should know. */
  readonly notes: readonly string[];
  readonly newest: (Freshness & { readonly id: string; readonly startedAt: Date }) | undefined;
  /** Only where it was asked for and there is one. */
  readonly proof: (Freshness & { readonly id: string; readonly finishedAt: Date }) | undefined;
}

/** Looks at the newest backup of a database: its names, its manifest and, where asked, proofs, nothing else. */
export async function checkDatabase(
  database: string,
  entries: readonly Entry[],
  request: CheckRequest,
): Promise<Checked> {
  const { store, now, signal, proved } = request;
  const complete = entries.filter((entry) => entry.database === database && entry.complete);
  const ahead = complete.filter(({ id }) => isAhead(id, now));
  const notes = ahead.map(({ id }) => `${id} is from the future and was not counted: a clock is wrong`);
  const known = complete.filter((entry) => !ahead.includes(entry));
  const entry = known.at(-1);
  if (!entry) {
    return { database, fresh: false, reasons: ['no complete backup'], notes, newest: undefined, proof: undefined };
  }
  const reasons: string[] = [];
  const manifest = await readEntry(store, entry, signal).catch((error: unknown) => {
    throwIfAborted(signal);
    if (!(error instanceof Failure) || error.kind !== 'verification') throw error;
    reasons.push(error.message);
    return undefined;
  });
  if (manifest) reasons.push(...missingData(entry, manifest));
  const took = manifest ? Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt) : 0;
  const startedAt = startOf(entry.id);
  const newest = { id: entry.id, startedAt, ...judge(startedAt, demandOf(request, took), now) };
  if (!newest.fresh) reasons.push('too old');
  if (!proved) return { database, fresh: reasons.length === 0, reasons, notes, newest, proof: undefined };
  const { passed, failed } = await newestPassed(store, known, signal);
  notes.push(...failed.map(({ id }) => `the drill of ${id} failed after that`));
  const proof = passed && judgeProof(passed, took, request);
  if (!proof) reasons.push('never proved by a drill');
  else if (!proof.fresh) reasons.push('the newest proof is too old');
  return { database, fresh: reasons.length === 0, reasons, notes, newest, proof };
}

function judgeProof(proof: Proof, tookMs: number, request: CheckRequest): NonNullable<Checked['proof']> {
  const finishedAt = new Date(proof.finishedAt);
  const drillMs = finishedAt.getTime() - Date.parse(proof.startedAt);
  return { id: proof.id, finishedAt, ...judge(finishedAt, demandOf(request, tookMs + drillMs), request.now) };
}

function demandOf({ maxAgeMs, schedule, graceMs }: CheckRequest, tookMs: number): Demand {
  if (maxAgeMs !== undefined) return { kind: 'age', maxAgeMs };
  if (schedule === undefined) throw new Error('neither a schedule nor an age to judge by');
  return { kind: 'schedule', schedule, graceMs: graceMs ?? usualGraceMs + tookMs };
}

/** The names already tell whether an object is there and how long it is. */
function missingData({ folder, objects }: Entry, { artifacts }: Manifest): string[] {
  const stored = new Map(objects.map(({ key, bytes }) => [key.slice(folder.length), bytes]));
  return artifacts
    .filter(({ key, bytes }) => stored.get(key) !== bytes)
    .map(({ key }) => `${key} is ${stored.has(key) ? 'of another size than it was' : 'missing'}`);
}

/** Whether the name of a backup says that it began in the future. */
export function isAhead(id: string, now: Date): boolean {
  return startOf(id).getTime() > now.getTime() + aheadMs;
}

function startOf(id: string): Date {
  return timeOfId(id) ?? new Date(Number.NaN);
}

import { type Described, describeEntry, type Entry, listCatalog } from '../catalog/entries.ts';
import { timeOfId } from '../catalog/ids.ts';
import { fileNames } from '../catalog/keys.ts';
import { dumpOf, type Manifest } from '../catalog/manifest.ts';
import { readProofs, type StoredProof } from '../catalog/proofs.ts';
import { someAtATime } from '../catalog/some-at-a-time.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import { weigh } from '../retention/survey.ts';
import type { Store } from '../store/store.ts';
import { lastFailureKey, readLastFailure } from '../catalog/last-failure.ts';
import type { Drill, History, LastFailure, Run, RunFacts, TableRows } from './history.ts';

/** Backups that are read at once: so many manifests are in memory. */
const together = 8;
/** Of so many backups, evenly spread over all of them and once more over the newest ones, tables are remembered. */
const sampled = 30;
/** Of each of those the largest so many. */
const tablesKept = 500;

/**
 * Reads what the page shows. Memory grows with the number of backups, not with that of their tables.
 * @param which `database` is the only one of interest, all of the store when undefined; `expected` have a history even
 * where the store has nothing of them.
 * @returns one history a database, by name.
 * @throws {Failure} what the store throws: a page about half of the truth must not say that all is well.
 */
export async function readHistory(
  store: Store,
  { database, expected }: { readonly database: string | undefined; readonly expected: readonly string[] },
  signal: AbortSignal,
): Promise<History[]> {
  const { entries } = await listCatalog(store, database, signal);
  const byDatabase = Map.groupBy(entries, (entry) => entry.database);
  for (const name of expected) if (!byDatabase.has(name)) byDatabase.set(name, []);
  const histories: History[] = [];
  for (const [name, all] of [...byDatabase].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const marked = all.filter(({ complete, hollow }) => complete || hollow);
    const unfinished = all.filter(({ complete, hollow }) => !complete && !hollow);
    histories.push({
      database: name,
      runs: await readRuns(store, marked, signal),
      unfinished: unfinished.map(({ id }) => startOf(id)),
      lastFailure: await lastFailureOf(store, name, signal),
    });
  }
  return histories;
}

async function lastFailureOf(store: Store, database: string, signal: AbortSignal): Promise<LastFailure | undefined> {
  const key = lastFailureKey(database);
  for await (const object of store.list(key, signal)) {
    if (object.key !== key) continue;
    const found = await readLastFailure(store, database, signal);
    return found && { at: new Date(found.failedAt), exitCode: found.exitCode, message: found.error };
  }
  return undefined;
}

async function readRuns(store: Store, entries: readonly Entry[], signal: AbortSignal): Promise<Run[]> {
  const samples = spread(entries);
  const runs = await someAtATime(entries, together, async (entry) => {
    const described = await describeEntry(store, entry, signal);
    return asRun(store, entry, described, samples.has(entry.id), signal);
  });
  return runs.filter((run) => run !== undefined);
}

/** Undefined for a backup that somebody has removed meanwhile. */
async function asRun(
  store: Store,
  entry: Entry,
  backup: Described,
  withTables: boolean,
  signal: AbortSignal,
): Promise<Run | undefined> {
  const base = { id: backup.id, startedAt: startOf(backup.id) };
  if ('failure' in backup) {
    throwIfAborted(signal);
    if (backup.failure instanceof Failure && backup.failure.kind === 'verification') {
      return { ...base, facts: undefined, damage: backup.failure.message, candidate: undefined, drills: [] };
    }
    if ((await store.head(backup.folder + fileNames.manifest, signal)) === undefined) return undefined;
    throw backup.failure;
  }
  const proofs = await readProofs(store, backup, signal);
  const weighed = weigh(entry, backup.manifest, proofs);
  const isCounted = !('why' in weighed);
  return {
    ...base,
    facts: factsOf(backup.manifest, withTables),
    damage: isCounted ? undefined : weighed.why,
    candidate: isCounted ? weighed : undefined,
    drills: proofs.flatMap(asDrill),
  };
}

function factsOf(manifest: Manifest, withTables: boolean): RunFacts {
  const { startedAt, finishedAt, artifacts, server, contents, verified, tier } = manifest;
  const { tables } = contents;
  const counted = tables.filter(({ rows }) => rows !== null);
  const dump = dumpOf(manifest);
  return {
    bytes: artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0),
    durationMs: Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)),
    databaseBytes: server.databaseBytes,
    rows: counted.length === 0 ? undefined : counted.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    rowsExact: tables.every(({ exact }) => exact),
    tableCount: tables.length,
    tier,
    verified,
    serverVersion: server.version,
    form: `${dump.format} ${dump.compression} ${dump.encryption}`,
    tables: withTables ? largest(tables) : undefined,
  };
}

function largest(tables: Manifest['contents']['tables']): TableRows[] {
  return tables
    .flatMap(({ schema, name, rows, exact }) => (rows === null ? [] : [{ schema, name, rows, exact }]))
    .sort((a, b) => b.rows - a.rows)
    .slice(0, tablesKept);
}

function asDrill(stored: StoredProof): Drill[] {
  if (!('proof' in stored)) return [];
  const { id, outcome, reason, restoreMs, compared, finishedAt } = stored.proof;
  return [
    { id, outcome, restoreMs, compared, finishedAt: new Date(finishedAt), ...(reason !== undefined && { reason }) },
  ];
}

/** The ids of some backups: the first, the last, and others evenly between; and the same of the newest ones. */
function spread(entries: readonly Entry[]): Set<string> {
  const ids = new Set<string>();
  for (const from of [0, Math.max(0, entries.length - 2 * sampled)]) {
    const step = Math.max(1, (entries.length - 1 - from) / (sampled - 1));
    for (let index = from; Math.round(index) < entries.length; index += step) {
      const id = entries[Math.round(index)]?.id;
      if (id !== undefined) ids.add(id);
    }
  }
  return ids;
}

function startOf(id: string): Date {
  return timeOfId(id) ?? new Date(Number.NaN);
}

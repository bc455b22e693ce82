import type pg from 'pg';
import { isAllOrNothing } from '../catalog/restore-command.ts';
import { dumpOf, type Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig, ReaderConfig } from '../config/config.ts';
import { connectionTo } from '../config/databases.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { prepareDecryption } from '../pipeline/decryption.ts';
import { refuseWrongKey } from '../pipeline/key-match.ts';
import { findClient, type PostgresClient } from '../postgres/clients.ts';
import { connect } from '../postgres/connect.ts';
import { afterRowsStage, isPartial, type LoadOptions, pgRestoreStage, psqlStage } from '../postgres/load.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { refuseUnsafePsql } from '../postgres/safe-clients.ts';
import type { Progress } from '../report/progress.ts';
import type { Store } from '../store/store.ts';
import { checkFirst } from './check-first.ts';
import { chooseTables, notChosen } from './chosen-tables.ts';
import { compareWithManifest } from './compare.ts';
import type { CompareScope, Comparison } from './comparison.ts';
import { decodedLimit } from './decoded-limit.ts';
import { foresee } from './foresee.ts';
import { describeEntry, findHarmless, holdsData, type LeftOut, leftOutOf } from './leave-out.ts';
import { tellLeftBehind } from './left-behind.ts';
import type { KnownBlocks } from './known-blocks.ts';
import { type ArtifactSource, loadArtifact, openToc, runLoader } from './load.ts';
import { makeDatabase } from './new-database.ts';
import { type Lacking, prepareFor } from './prepare.ts';
import { knownNames, refuseParts, schemasFor, schemasIn, scopeOf, usableJobs } from './scope.ts';
import { refuseFilled, refuseLacking, refuseRows, refuseSource } from './target.ts';
import type { TocEntry } from './toc-list.ts';
import type { Toc } from './toc.ts';

/** What a restore is made of. */
export interface RestoreRequest {
  readonly config: Pick<ReaderConfig, 'keys' | 'signing' | 'source' | 'databases' | 'clientsDir' | 'restoreMaxSize'>;
  readonly store: Store;
  /** The backup's folder in the store, with its slash. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Of the dump, where {@link checkFirst} was called before. */
  readonly known?: KnownBlocks | undefined;
  readonly target: ConnectionConfig;
  readonly options: LoadOptions;
  /** Create the target database first; it is dropped again when the restore fails. */
  readonly create: boolean;
  /** The target was made for this restore alone: what it holds was put there for it, and is no reason to refuse it. */
  readonly prepared?: boolean;
  /**
   * 1: all in one transaction. More: what comes after the rows (indexes, constraints) is made by so many sessions at once
   * after a transaction that holds the rest.
   */
  readonly jobs: number;
  /** Roles to be made on the target's server once nothing is to be refused any more, before anything is loaded. */
  readonly globals?: { readonly roles: readonly string[]; readonly apply: (session: pg.Client) => Promise<void> };
  /** A reason to leave an entry out; undefined restores it. What is left out is always told. */
  readonly leaveOut?: ((entry: TocEntry) => string | undefined) | undefined;
  readonly searchPath: string;
  readonly log: Log;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A restore that was done. */
export interface Restored {
  readonly leftOut: readonly LeftOut[];
  /** What there is to compare now, with {@link compareRestored}. */
  readonly scope: CompareScope;
  /** Until everything was loaded, without the comparison. */
  readonly restoreMs: number;
}

/**
 * Restores one backup into a database: everything that can be refused is refused before the target is touched, and all of
 * it is loaded in one transaction. What came back is still to be compared: see {@link compareRestored}.
 * @throws {Failure} the first cause. The target is then as it was, or the message says what it holds.
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const { config, store, folder, manifest, target, log, signal, searchPath } = request;
  const started = performance.now();
  const artifact = dumpOf(manifest);
  refuseParts(artifact.format, request.options, request.leaveOut !== undefined);
  await refuseWrongKey(artifact.encryption, config.keys, manifest.encryptionRecipients, searchPath, signal);
  await using decryption = await prepareDecryption(artifact.encryption, config.keys, searchPath, signal);
  const client = await findClient(config.clientsDir, manifest.client.major);
  if (artifact.format === 'plain') refuseUnsafePsql(client);
  const key = folder + artifact.key;
  const limit = decodedLimit(config.restoreMaxSize, manifest, store.describe(key));
  const { progress } = request;
  const reading = { store, key, artifact, name: manifest.database, progress, log, signal };
  const known = request.known ?? (await checkFirst(config.signing, reading));
  const source: ArtifactSource = { known, store, key, artifact, limit, decryption, searchPath, log, signal };
  await using toc = artifact.format === 'custom' ? await openToc(source, client, knownNames(manifest)) : undefined;
  const entries = toc?.entries ?? [];
  const options = chooseTables(entries, request.options);
  const unasked = notChosen(entries, options);
  const lacking = lackingIn(manifest, options, entries);
  const jobs = usableJobs(request.jobs, artifact.format, options, log);
  const dumped = [...schemasIn(entries), ...lacking.schemas];

  await using made = request.create ? await makeDatabase(target, manifest, log, signal) : undefined;
  const session = await connect(target, signal);
  session.on('error', () => undefined);
  const asked = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throwIfAborted(signal);
      throw toDatabaseFailure(`prepare the target database ${target.database}`, error);
    });
  try {
    await asked(refuseSource(session, target, sourcesOf(config, manifest.database), signal));
    await asked(refuseLacking(session, manifest, options.withOwners, request.globals?.roles));
    if (options.only === 'data') await asked(refuseRows(session, target.database, tablesOf(manifest, options)));
    else if (!options.clean && request.prepared !== true) await asked(refuseFilled(session, target.database, dumped));
    if (request.globals) {
      await asked(request.globals.apply(session));
      await asked(refuseLacking(session, manifest, options.withOwners));
    }
    await using prepared = await asked(prepareFor(session, lacking, log));
    const harmless = await asked(findHarmless(session, entries, options, manifest.client.major));
    const leftOut = leftOutOf(entries, harmless, request.leaveOut);
    for (const { entry, reason } of leftOut) log.warn(`leaving out ${describeEntry(entry)}: ${reason}`);
    if (!isPartial(options)) await asked(foresee(session, manifest, entries, leftOut, log));
    const location = store.describe(folder.slice(0, -1));
    log.info({ event: 'started', location }, `restoring ${location} into ${target.database} at ${target.host}`);
    const skipped = [...leftOut, ...unasked];
    const list = toc && skipped.length > 0 ? await toc.writeList(skipped) : undefined;
    // pg_restore reads no further than the last thing that it needs.
    const mayStopReading = isPartial(options) || leftOut.some(({ entry }) => holdsData(entry));
    const section = jobs > 1 ? 'up to the rows' : 'all';
    const loader = toc
      ? pgRestoreStage(target, client, options, { list, section, mayStopReading })
      : psqlStage(target, client);
    const readFirst = mayStopReading || !isAllOrNothing(artifact, manifest.contents);
    try {
      const tables = mayStopReading ? undefined : entries.filter(({ kind }) => kind === 'TABLE DATA').length;
      await loadArtifact(source, { loader, toc, checkFirst: readFirst, name: manifest.database, tables, progress });
    } catch (error) {
      await prepared[Symbol.asyncDispose]();
      const wasEmpty = !options.clean && options.only !== 'data' && request.prepared !== true;
      throw wasEmpty && !made ? await tellLeftBehind(error, target, dumped) : error;
    }
    prepared.keep();
    if (jobs > 1 && toc) await loadAfterRows(request, client, toc, leftOut, jobs);
    made?.keep();
    const restoreMs = Math.round(performance.now() - started);
    return { leftOut, scope: scopeOf(manifest, options, leftOut), restoreMs };
  } finally {
    await session.end().catch(() => undefined);
  }
}

/**
 * Indexes and constraints, several at once, from the head of the dump; then triggers, one after the other. Where a
 * partition's trigger is switched off the dump does not say that it needs the trigger of the whole table first, and what
 * an event trigger does it must do to nothing of the restore.
 */
async function loadAfterRows(
  { target, options, log, signal, create, prepared }: RestoreRequest,
  client: PostgresClient,
  toc: Toc,
  leftOut: readonly LeftOut[],
  jobs: number,
): Promise<void> {
  const [triggers = [], others = []] = [true, false].map((wanted) =>
    toc.entries.filter((entry) => isTrigger(entry) === wanted).map((entry) => ({ entry, reason: 'another step' })),
  );
  const step = async (less: readonly LeftOut[], sessions: number): Promise<void> => {
    const list = await toc.writeList([...leftOut, ...less]);
    await runLoader(afterRowsStage(target, client, options, { list, file: toc.file, jobs: sessions }), log, signal);
  };
  log.info(`the rows are there; making indexes and constraints in ${String(jobs)} sessions`);
  try {
    await step(triggers, jobs);
    if (triggers.length > 0) await step(others, 1);
  } catch (error) {
    const { kind, message, hint, retryable } = toFailure(error);
    // Of what is dropped anyway nothing is left behind.
    if (create || prepared === true) throw error;
    const state = `the target database ${target.database} is incomplete: tables and rows are there, indexes, constraints and triggers are not all`;
    throw new Failure(kind, `${message}; ${state}`, {
      hint: `${hint === undefined ? '' : `${hint} `}Drop that database and restore again; with --jobs 1 a failure leaves nothing behind.`,
      cause: error,
      retryable,
    });
  }
}

/** Triggers of tables, event triggers, and comments on them. */
function isTrigger({ kind, name }: TocEntry): boolean {
  return /^(EVENT )?TRIGGER /.test(kind === 'COMMENT' ? name : `${kind} `);
}

/**
 * Compares a restored database with its manifest, on a connection of its own: one that was idle through a long load may be
 * cut by then.
 * @throws {Failure} `database` when it cannot be read.
 */
export async function compareRestored(
  target: ConnectionConfig,
  manifest: Manifest,
  scope: CompareScope,
  signal: AbortSignal,
): Promise<Comparison[]> {
  const session = await connect(target, signal);
  session.on('error', () => undefined);
  try {
    return await compareWithManifest(session, manifest, scope);
  } finally {
    await session.end().catch(() => undefined);
  }
}

function tablesOf(manifest: Manifest, options: LoadOptions): { schema: string; name: string }[] {
  const { table } = scopeOf(manifest, options, []);
  return manifest.contents.tables.filter(({ schema, name }) => table(schema, name));
}

/** What a part of a dump needs to be there, see {@link prepareFor}. */
function lackingIn({ contents }: Manifest, options: LoadOptions, entries: readonly TocEntry[]): Lacking {
  const schemas = schemasFor(entries, options);
  if (options.only === 'data') return { schemas: [], extensions: [] };
  const { needs } = contents;
  return {
    schemas: [...schemas, ...(needs?.schemas ?? []).map(({ name }) => name)],
    extensions: needs?.extensions ?? [],
  };
}

/** The databases that backups are made of; of all that a server has, at least the one of this backup. */
function sourcesOf({ source, databases }: RestoreRequest['config'], database: string): ConnectionConfig[] {
  if (!source) return [];
  if (!databases) return [source];
  const names = databases.names === 'all' ? [database] : databases.names;
  return names.map((name) => connectionTo(source, name));
}

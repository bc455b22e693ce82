import type pg from 'pg';
import { dumpOf, dumpsOf, type Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig, ReaderConfig } from '../config/config.ts';
import { connectionTo } from '../config/databases.ts';
import { throwIfAborted } from '../errors.ts';
import type { Log } from '../log.ts';
import { prepareDecryption } from '../pipeline/decryption.ts';
import { refuseWrongKey } from '../pipeline/key-match.ts';
import { makeScratchIn } from '../pipeline/scratch.ts';
import { findClient } from '../postgres/clients.ts';
import { connectApart, withSession } from '../postgres/with-session.ts';
import { isPartial, type LoadOptions } from '../postgres/load.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import { refuseUnsafePsql } from '../postgres/safe-clients.ts';
import type { Progress } from '../report/progress.ts';
import type { Store } from '../store/store.ts';
import { type AfterRows, loadAfterRows } from './after-rows.ts';
import { type Archives, openArchives } from './archives.ts';
import type { KnownArtifacts } from './check-first.ts';
import { chooseTables, notChosen } from './chosen-tables.ts';
import { compareWithManifest } from './compare.ts';
import type { CompareScope, Comparison } from './comparison.ts';
import { decodeInto } from './decode-into.ts';
import { foresee } from './foresee.ts';
import { describeEntry, findHarmless, type LeftOut, leftOutOf } from './leave-out.ts';
import { tellLeftBehind, tellState } from './left-behind.ts';
import { type LanesLoading, loadDefinitions, loadRows, makeDefinitions } from './load-lanes.ts';
import { loadOne } from './load-one.ts';
import { makeDatabase } from './new-database.ts';
import { type Lacking, prepareFor } from './prepare.ts';
import { knownNames, refuseParts, schemasFor, schemasIn, scopeOf, usableJobs, usableScratch } from './scope.ts';
import { openSources } from './sources.ts';
import { refuseFilled, refuseLacking, refuseRows, refuseSource } from './target.ts';
import type { TocEntry } from './toc-list.ts';

/** What a restore is made of. */
export interface RestoreRequest {
  readonly config: Pick<ReaderConfig, 'keys' | 'signing' | 'source' | 'databases' | 'clientsDir' | 'restoreMaxSize'>;
  readonly store: Store;
  /** The backup's folder in the store, with its slash. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Where it was read before, see {@link openSources}. */
  readonly known?: KnownArtifacts;
  readonly target: ConnectionConfig;
  readonly options: LoadOptions;
  /** Create the target database first; it is dropped again when the restore fails. */
  readonly create: boolean;
  /** The target was made for this restore alone: what it holds was put there for it, and is no reason to refuse it. */
  readonly prepared?: boolean;
  /**
   * 1: a dump of everything is loaded in one transaction. More: what comes after the rows (indexes, constraints) is made by
   * so many sessions at once after a transaction that holds the rest. Of a backup in lanes so many are loaded at once, too.
   * Undefined: what is best for the backup, see {@link usableJobs}.
   */
  readonly jobs: number | undefined;
  /** A folder where the one dump of a backup may be written, decoded: then its rows are loaded by several sessions, too. */
  readonly scratch?: string | undefined;
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
 * Restores one backup into a database: everything that can be refused is refused before the target is touched. A dump of
 * everything is loaded in one transaction; lanes are in several, see load-lanes.ts. What came back is still to be compared:
 * see {@link compareRestored}.
 * @throws {Failure} the first cause. The target is then as it was, or the message says what it holds.
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const { config, store, folder, manifest, target, log, signal, searchPath } = request;
  const started = performance.now();
  const { format, encryption } = dumpOf(manifest);
  const dumps = dumpsOf(manifest);
  refuseParts(dumps, request.options, request.leaveOut !== undefined);
  await refuseWrongKey(encryption, config.keys, manifest.encryptionRecipients, searchPath, signal);
  await using decryption = await prepareDecryption(encryption, config.keys, searchPath, signal);
  const client = await findClient(config.clientsDir, manifest.client.major);
  if (format === 'plain' || (request.options.clean && dumps.length > 1)) refuseUnsafePsql(client);
  const roomy = usableScratch(request.scratch, dumps, request.options, log);
  const jobs = usableJobs(request.jobs, dumps, request.options, log, roomy !== undefined);
  await using scratch = roomy === undefined ? undefined : await makeScratchIn(roomy, dumpOf(manifest).bytes);
  const sources = await openSources({ ...request, atOnce: jobs, decryption }, request.known);
  await using archives =
    format === 'custom' ? await openArchives(sources, client, knownNames(manifest), jobs, signal) : undefined;
  const entries = archives?.entries ?? [];
  const options = chooseTables(entries, request.options);
  const unasked = notChosen(entries, options);
  const lacking = lackingIn(manifest, options, entries);
  const dumped = [...schemasIn(entries), ...lacking.schemas];

  await using made = request.create ? await makeDatabase(target, manifest, log, signal) : undefined;
  const session = await connectApart(target, signal);
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
    const loaded = { name: manifest.database, progress: request.progress };
    const whole = scratch && archives && (await decodeInto(scratch, archives.main, loaded));
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
    const loading = { ...request, ...loaded, options, client, leftOut: [...leftOut, ...unasked], whole };
    const [source] = sources;
    try {
      if (archives && whole !== undefined) await makeDefinitions(archives.main, loading);
      else if (archives?.lanes) await loadDefinitions(archives.main, loading);
      else if (source) {
        const section = jobs > 1 ? 'up to the rows' : 'all';
        await loadOne(source, { ...loading, toc: archives?.main.toc, section });
      }
    } catch (error) {
      await prepared[Symbol.asyncDispose]();
      const wasEmpty = !options.clean && options.only !== 'data' && request.prepared !== true;
      throw wasEmpty && !made ? await tellLeftBehind(error, target, dumped) : error;
    }
    prepared.keep();
    if (archives) await loadRest(archives, jobs, request, loading);
    made?.keep();
    const restoreMs = Math.round(performance.now() - started);
    return { leftOut, scope: scopeOf(manifest, options, leftOut), restoreMs };
  } finally {
    await session.end().catch(() => undefined);
  }
}

/** What was not in the first transaction: rows in lanes, and what comes after rows. */
async function loadRest(
  { main: { toc }, lanes }: Archives,
  jobs: number,
  { target, create, prepared, log, signal }: RestoreRequest,
  loading: LanesLoading & Pick<AfterRows, 'whole'>,
): Promise<void> {
  const { options, whole } = loading;
  const told = async (state: string, advice: string, step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      // Of what is dropped anyway nothing is left behind.
      throw create || prepared === true
        ? error
        : tellState(error, `the target database ${target.database} is incomplete: ${state}`, advice);
    }
  };
  const again = options.clean
    ? 'What it held of the backup was dropped. Start the same again, or restore into a new database'
    : 'Drop that database and restore again';
  if (lanes && options.only === 'data') {
    await told('rows of some tables may be there', 'Empty its tables and start again.', () =>
      loadRows(lanes, jobs, loading),
    );
  } else if (lanes && options.only !== 'schema') {
    await told('tables are there, rows are not all', `${again}.`, () => loadRows(lanes, jobs, loading));
  }
  if (options.only !== undefined || (!lanes && jobs === 1 && whole === undefined)) return;
  await told(
    `${whole === undefined ? 'tables and rows are there' : 'tables are there, rows'}, indexes, constraints and triggers are not all`,
    lanes
      ? `${again}.`
      : `${again}; ${whole === undefined ? 'with --jobs 1' : 'without --scratch'} a failure leaves nothing behind.`,
    () => loadAfterRows({ ...loading, toc, jobs, log, signal }),
  );
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
  return withSession(target, signal, (session) => compareWithManifest(session, manifest, scope));
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

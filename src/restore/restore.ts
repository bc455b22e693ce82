import { isAllOrNothing } from '../catalog/restore-command.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig, ReaderConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { prepareDecryption } from '../pipeline/decryption.ts';
import { findClient } from '../postgres/clients.ts';
import { connect } from '../postgres/connect.ts';
import { isPartial, type LoadOptions, pgRestoreStage, psqlStage } from '../postgres/load.ts';
import { refuseUnsafePsql } from '../postgres/safe-clients.ts';
import type { Store } from '../store/store.ts';
import { type CompareScope, type Comparison, compareWithManifest } from './compare.ts';
import { decodedLimit } from './decoded-limit.ts';
import type { LeftOut } from './leave-out.ts';
import { tellLeftBehind } from './left-behind.ts';
import { loadArtifact } from './load.ts';
import { makeSchemas, refuseFilled, refuseLacking, refuseRows, refuseSource } from './target.ts';
import type { TocEntry } from './toc.ts';

/** What a restore is made of. */
export interface RestoreRequest {
  readonly config: Pick<ReaderConfig, 'keys' | 'source' | 'clientsDir' | 'restoreMaxSize'>;
  readonly store: Store;
  /** The backup's folder in the store, with its slash. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly target: ConnectionConfig;
  readonly options: LoadOptions;
  /** Create the target database first. */
  readonly create: boolean;
  /**
   * 1: all in one transaction. More: what comes after the rows (indexes, constraints) is made by so many sessions at once
   * after a transaction that holds the rest.
   */
  readonly jobs: number;
  /** A reason to leave an entry out; undefined restores it. What is left out is always told. */
  readonly leaveOut?: (entry: TocEntry) => string | undefined;
  readonly searchPath: string;
  readonly log: Log;
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
 * @throws {Failure} the first cause; the target is then as it was, but for a database that `create` made.
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const { config, store, folder, manifest, target, options, log, signal } = request;
  const started = performance.now();
  const [artifact] = manifest.artifacts;
  if (!artifact) throw new Error('a manifest has at least one artifact');
  refuseParts(artifact.format, options);
  await using decryption = await prepareDecryption(artifact.encryption, config.keys, request.searchPath, signal);
  const client = await findClient(config.clientsDir, manifest.client.major);
  if (artifact.format === 'plain') refuseUnsafePsql(client);
  if (request.create) await createDatabase(target, signal);

  const session = await connect(target, signal);
  session.on('error', () => undefined);
  try {
    await refuseSource(session, target, config.source, signal);
    await refuseLacking(session, manifest, options.withOwners);
    const scope = scopeOf(manifest, options);
    if (options.only === 'data') {
      const filled = manifest.contents.tables.filter(({ schema, name }) => scope.table(schema, name));
      await refuseRows(session, target.database, filled);
    } else if (!options.clean) await refuseFilled(session, target.database);
    log.info(`restoring ${store.describe(folder.slice(0, -1))} into ${target.database} at ${target.host}`);
    const loader = artifact.format === 'custom' ? pgRestoreStage(target, client, options) : psqlStage(target, client);
    const { searchPath } = request;
    const key = folder + artifact.key;
    const known = new Set(manifest.contents.tables.map(({ schema }) => schema));
    const removeSchemas = await makeSchemas(
      session,
      options.schemas.filter((name) => known.has(name)),
    );
    await loadArtifact({
      store,
      key,
      artifact,
      limit: decodedLimit(config.restoreMaxSize, manifest, store.describe(key)),
      decryption,
      loader,
      checkFirst: isPartial(options) || !isAllOrNothing(artifact, manifest.contents),
      searchPath,
      log,
      signal,
    }).catch(async (error: unknown) => {
      await removeSchemas().catch(() => undefined);
      const wasEmpty = !options.clean && options.only !== 'data';
      throw wasEmpty ? await tellLeftBehind(error, target) : error;
    });
    return { leftOut: [], scope, restoreMs: Math.round(performance.now() - started) };
  } finally {
    await session.end().catch(() => undefined);
  }
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

/** A plain dump is one script: no part of it can be left out, nor what it makes be dropped first. */
function refuseParts(format: string, options: LoadOptions): void {
  if (format === 'plain' && (isPartial(options) || options.clean || !options.withComments)) {
    throw new Failure('usage', 'a plain dump can only be restored whole, into an empty database', {
      hint: 'Restore all of it into a new database and copy from there what you need.',
    });
  }
}

function scopeOf({ contents }: Manifest, { schemas, tables, only, clean }: LoadOptions): CompareScope {
  return {
    table: (schema: string, name: string): boolean =>
      only !== 'schema' &&
      (schemas.length === 0 || schemas.includes(schema)) &&
      (tables.length === 0 || tables.includes(name)),
    named: tables,
    whole: !contents.filtered && schemas.length === 0 && tables.length === 0 && only === undefined && !clean,
    leftOut: [],
  };
}

async function createDatabase(target: ConnectionConfig, signal: AbortSignal): Promise<void> {
  const session = await connect({ ...target, database: 'postgres' }, signal);
  session.on('error', () => undefined);
  try {
    await session.query(`CREATE DATABASE ${session.escapeIdentifier(target.database)} TEMPLATE template0`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Failure('target', `the database ${target.database} cannot be created: ${message}`, { cause: error });
  } finally {
    await session.end().catch(() => undefined);
  }
}

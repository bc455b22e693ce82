import { type Entry, readEntry } from '../catalog/entries.ts';
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
import { loadArtifact } from './load.ts';
import { makeSchemas, refuseFilled, refuseLacking, refuseRows, refuseSource } from './target.ts';

/** What a restore is made of. */
export interface RestoreRequest {
  readonly config: ReaderConfig;
  readonly store: Store;
  readonly entry: Entry;
  readonly target: ConnectionConfig;
  readonly options: LoadOptions;
  /** Create the target database first. */
  readonly create: boolean;
  readonly searchPath: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A restore that was done, and how it compares with the manifest. */
export interface Restored {
  readonly manifest: Manifest;
  readonly compared: readonly Comparison[];
  readonly durationMs: number;
}

/**
 * Restores one backup into a database: everything that can be refused is refused before the target is touched, all of it
 * is loaded in one transaction, and what came back is compared with the manifest.
 * @throws {Failure} the first cause; the target is then as it was, but for a database that `create` made.
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const { config, store, entry, target, options, log, signal } = request;
  const started = performance.now();
  const manifest = await readEntry(store, entry, signal);
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
    log.info(`restoring ${store.describe(entry.folder.slice(0, -1))} into ${target.database} at ${target.host}`);
    const loader = artifact.format === 'custom' ? pgRestoreStage(target, client, options) : psqlStage(target, client);
    const { searchPath } = request;
    const key = entry.folder + artifact.key;
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
      throw error;
    });
    const durationMs = Math.round(performance.now() - started);
    return { manifest, compared: await compareAfresh(target, manifest, scope, signal), durationMs };
  } finally {
    await session.end().catch(() => undefined);
  }
}

/** On a connection of its own: one that was idle through a long load may be cut by then. */
async function compareAfresh(
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

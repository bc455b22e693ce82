import type pg from 'pg';
import { type Proof, proofSchemaVersion } from '../catalog/proof.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig, ReaderConfig } from '../config/config.ts';
import { throwIfAborted, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { prepareDecryption } from '../pipeline/decryption.ts';
import { findClient } from '../postgres/clients.ts';
import { connect } from '../postgres/connect.ts';
import type { Comparison } from '../restore/compare.ts';
import type { LeftOut } from '../restore/leave-out.ts';
import { compareRestored, restoreBackup, type Restored } from '../restore/restore.ts';
import type { TocEntry } from '../restore/toc.ts';
import type { Store } from '../store/store.ts';
import { runAmcheck } from './amcheck.ts';
import type { Check } from './check.ts';
import { runCheckSql } from './check-sql.ts';
import { checkValidity } from './checks.ts';
import { prepareExtensions } from './extensions.ts';
import { judge, judgeFailure, type Outcome } from './outcome.ts';
import { openScratchDatabase, type ScratchDatabase } from './scratch.ts';

/** What a drill is made of. */
export interface DrillRequest {
  readonly config: Pick<ReaderConfig, 'keys' | 'clientsDir' | 'restoreMaxSize' | 'drill'>;
  readonly store: Store;
  /** The backup's folder in the store, with its slash. */
  readonly folder: string;
  /** It need not be stored yet. */
  readonly manifest: Manifest;
  /** Whether the drill may go on without an extension of this name that the scratch server lacks. */
  readonly allowMissing: (extension: string) => boolean;
  readonly jobs: number;
  readonly searchPath: string;
  readonly toolVersion: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A drill that was held, whatever it has shown. */
export interface Drilled {
  readonly proof: Proof;
  readonly compared: readonly Comparison[];
  /** What to do about a drill that did not pass, where there is something to say. */
  readonly hint: string | undefined;
}

/** What is known so far. */
interface Notes {
  restoreMs: number | null;
  server: string | null;
  client: string | null;
  compared: readonly Comparison[];
  readonly leftOut: LeftOut[];
  readonly checks: Check[];
  missing: readonly string[];
  readonly obstacles: string[];
}

/**
 * Restores a backup into a scratch database and compares it with its manifest. Nothing of the scratch database is left
 * afterwards, however it ends. Writes no proof.
 * @throws {Failure} what says nothing about the backup: a key that is missing or wrong, the store, the server of
 * DRILL_DATABASE_URL, a signal. Everything else is the result.
 */
export async function holdDrill(request: DrillRequest): Promise<Drilled> {
  const { manifest, signal } = request;
  const startedAt = new Date();
  const notes: Notes = {
    restoreMs: null,
    server: null,
    client: null,
    compared: [],
    leftOut: [],
    checks: [],
    missing: [],
    obstacles: [],
  };
  let outcome: Outcome;
  try {
    await perform(request, notes);
    outcome = judge({ ...notes, holdsTables: manifest.contents.tables.length > 0 });
  } catch (error) {
    throwIfAborted(signal);
    const failure = toFailure(error);
    const judged = judgeFailure(failure, notes.obstacles);
    if (!judged) throw failure;
    outcome = judged;
  }
  return { proof: toProof(request, startedAt, notes, outcome), compared: notes.compared, hint: outcome.hint };
}

async function perform(request: DrillRequest, notes: Notes): Promise<void> {
  const { config, manifest, log, signal } = request;
  await requireKey(request);
  notes.client = (await findClient(config.clientsDir, manifest.client.major)).version;
  await using scratch = await openScratchDatabase({
    drill: config.drill,
    clientsDir: config.clientsDir,
    manifest,
    log,
    signal,
  });
  notes.server = scratch.serverVersion;
  try {
    const { allowMissing } = request;
    notes.missing = (await prepareExtensions(scratch, manifest, { allowMissing, log, signal })).missing;
    const { restoreMs, scope } = await restoreInto(scratch, request, notes);
    notes.restoreMs = restoreMs;
    log.info('comparing the restored database with the manifest');
    notes.compared = await compareRestored(scratch.target, manifest, scope, signal);
    notes.checks.push(...(await check(scratch, request)));
  } catch (error) {
    throwIfAborted(signal);
    throw scratch.died() ?? error;
  }
}

async function restoreInto(scratch: ScratchDatabase, request: DrillRequest, notes: Notes): Promise<Restored> {
  const { config, store, folder, manifest, jobs, searchPath, log, signal } = request;
  const missing = new Set(notes.missing);
  const restored = await restoreBackup({
    config: { ...config, source: undefined },
    store,
    folder,
    manifest: without(manifest, missing),
    target: scratch.target,
    options: { withOwners: false, withComments: true, clean: false, schemas: [], tables: [], only: undefined },
    create: false,
    jobs,
    leaveOut: (entry) => (isOfExtension(entry, missing) ? 'the scratch server lacks the extension' : undefined),
    searchPath,
    log,
    signal,
  });
  notes.leftOut.push(...restored.leftOut);
  return restored;
}

/** So that a restore does not ask for what is known to be missing. */
function without(manifest: Manifest, missing: ReadonlySet<string>): Manifest {
  const { contents } = manifest;
  return {
    ...manifest,
    contents: { ...contents, extensions: contents.extensions.filter(({ name }) => !missing.has(name)) },
  };
}

/** The extension itself and its comment: what else depends on it cannot be told from the list of a dump. */
function isOfExtension({ kind, name }: TocEntry, extensions: ReadonlySet<string>): boolean {
  return (
    (kind === 'EXTENSION' && extensions.has(name)) ||
    (kind === 'COMMENT' && extensions.has(name.replace(/^EXTENSION "?|"$/g, '')))
  );
}

async function check(scratch: ScratchDatabase, { config, manifest, signal }: DrillRequest): Promise<Check[]> {
  const { target, admin, serverMajor } = scratch;
  const { checkSql } = config.drill;
  const valid = await withSession(target, signal, (session) => checkValidity(session, manifest));
  const own = checkSql === undefined ? [] : await withSession(target, signal, (one) => runCheckSql(one, checkSql));
  const unread: Check = { name: 'amcheck', outcome: 'not run', detail: 'it takes a superuser of a server of our own' };
  const inside = admin ? await withSession(quiet(admin, serverMajor), signal, runAmcheck) : [unread];
  return [...valid, ...inside, ...own];
}

/** Before anything is started: a drill without the key ends at once. */
async function requireKey({ manifest, config, searchPath, signal }: DrillRequest): Promise<void> {
  const [artifact] = manifest.artifacts;
  if (!artifact) throw new Error('a manifest has at least one artifact');
  await using _key = await prepareDecryption(artifact.encryption, config.keys, searchPath, signal);
}

/** Event triggers on login are the only code of a database that runs before the first query. */
function quiet(admin: ConnectionConfig, major: number): ConnectionConfig {
  if (major < 17) return admin;
  const options = [admin.libpqEnvironment.PGOPTIONS, '-c event_triggers=off'].filter((one) => one !== undefined);
  return { ...admin, libpqEnvironment: { ...admin.libpqEnvironment, PGOPTIONS: options.join(' ') } };
}

async function withSession<T>(
  connection: ConnectionConfig,
  signal: AbortSignal,
  work: (session: pg.Client) => Promise<T>,
): Promise<T> {
  const session = await connect(connection, signal);
  session.on('error', () => undefined);
  try {
    return await work(session);
  } finally {
    await session.end().catch(() => undefined);
  }
}

function toProof(
  { manifest, toolVersion }: DrillRequest,
  startedAt: Date,
  notes: Notes,
  { outcome, reason }: Outcome,
): Proof {
  const made = notes.compared.filter((one) => one.outcome !== 'not compared');
  return {
    schemaVersion: proofSchemaVersion,
    tool: { name: 'pg-offsite', version: toolVersion },
    id: manifest.id,
    database: manifest.database,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    outcome,
    ...(reason !== undefined && { reason }),
    restoreMs: notes.restoreMs,
    versions: { server: notes.server, client: notes.client },
    artifacts: manifest.artifacts.map(({ key, sha256 }) => ({ key, sha256 })),
    compared: made.length,
    differences: made
      .filter((one) => one.outcome === 'different')
      .map(({ what, expected, found }) => ({ what, expected, found })),
    notCompared: notes.compared
      .filter((one) => one.outcome === 'not compared')
      .map(({ what, reason: why }) => ({ what, reason: why ?? '' })),
    leftOut: notes.leftOut.map(({ entry, reason: why }) => ({ what: nameOf(entry), reason: why })),
    checks: notes.checks.map(({ name, outcome: found, detail }) => ({ name, outcome: found, detail })),
    missingExtensions: [...notes.missing],
  };
}

function nameOf({ kind, schema, name }: TocEntry): string {
  return `${kind} ${schema === undefined ? '' : `${schema}.`}${name}`;
}

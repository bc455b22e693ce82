import { type Proof, proofSchemaVersion } from '../catalog/proof.ts';
import { dumpOf, dumpsOf, type Manifest } from '../catalog/manifest.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import { prepareDecryption } from '../pipeline/decryption.ts';
import { refuseWrongKey } from '../pipeline/key-match.ts';
import { findClient } from '../postgres/clients.ts';
import { withSession } from '../postgres/with-session.ts';
import type { Comparison } from '../restore/comparison.ts';
import { describeEntry, type LeftOut } from '../restore/leave-out.ts';
import { compareRestored } from '../restore/restore.ts';
import { runAmcheck } from './amcheck.ts';
import type { Check } from './check.ts';
import { runCheckSql } from './check-sql.ts';
import { checkValidity } from './checks.ts';
import type { DrillRequest } from './drill-request.ts';
import { missingHint, prepareExtensions } from './extensions.ts';
import { judge, judgeFailure, type Obstacle, type Outcome } from './outcome.ts';
import { restoreIntoScratch } from './restore-into.ts';
import type { ScratchDatabase } from './scratch-database.ts';
import { openScratchDatabase } from './scratch.ts';
import { takeSuperuser } from './superuser-role.ts';

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
  leftOut: readonly LeftOut[];
  checks: readonly Check[];
  missing: readonly string[];
  readonly obstacles: Obstacle[];
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
    const place = {
      elsewhere: request.config.drill.databaseUrl !== undefined,
      plain: dumpOf(manifest).format === 'plain',
    };
    const judged = judgeFailure(
      failure,
      [
        ...notes.obstacles,
        ...(manifest.contents.filtered ? [ofPart] : []),
        ...notes.missing.map((name) => ({
          reason: `the scratch server lacks the extension ${name}`,
          hint: missingHint,
        })),
      ],
      place,
    );
    if (!judged) throw ofBackup(failure, manifest);
    outcome = judged;
  }
  return { proof: toProof(request, startedAt, notes, outcome), compared: notes.compared, hint: outcome.hint };
}

/** Nothing of it is known to be lost: restoring it by hand, beside what it needs, may work. */
const ofPart: Obstacle = {
  reason: 'the backup holds a part, which may need what was left out',
  hint: 'Drill a backup of the whole database; restore this one into a database that has what it needs.',
};

/** What ended a drill before its end, told with the backup that it was held for. */
function ofBackup({ kind, message, hint, retryable, cause }: Failure, { database, id }: Manifest): Failure {
  return new Failure(kind, `drill of ${database} ${id}: ${message}`, { hint, retryable, cause });
}

async function perform(request: DrillRequest, notes: Notes): Promise<void> {
  const { config, manifest, searchPath, log, signal } = request;
  const artifact = dumpOf(manifest);
  // Before anything is started: without the right key the drill ends at once.
  await refuseWrongKey(artifact.encryption, config.keys, manifest.encryptionRecipients, searchPath, signal);
  await using decryption = await prepareDecryption(artifact.encryption, config.keys, searchPath, signal);
  const client = await findClient(config.clientsDir, manifest.client.major);
  notes.client = client.version;
  const { drill, clientsDir } = config;
  await using scratch = await openScratchDatabase({ drill, clientsDir, manifest, log, signal });
  notes.server = scratch.serverVersion;
  try {
    const { allowMissing } = request;
    const { missing } = await prepareExtensions(scratch, preparable(manifest), { allowMissing, log, signal });
    notes.missing = missing;
    const onObstacle = (obstacle: Obstacle): void => void notes.obstacles.push(obstacle);
    const restored = await restoreIntoScratch(request, { scratch, client, decryption, missing, onObstacle });
    notes.restoreMs = restored.restoreMs;
    notes.leftOut = restored.leftOut;
    if (scratch.trusted && scratch.admin) await takeSuperuser(scratch.admin, signal);
    log.info('comparing the restored database with the manifest');
    notes.compared = await compareRestored(scratch.target, manifest, restored.scope, signal);
    notes.checks = await check(scratch, request);
  } catch (error) {
    throwIfAborted(signal);
    throw scratch.died() ?? error;
  }
}

/** A script makes and comments on its schemas and extensions itself, as their owner, and fails where they are there. */
function preparable(manifest: Manifest): Manifest {
  if (dumpOf(manifest).format === 'custom') return manifest;
  return { ...manifest, contents: { ...manifest.contents, extensions: [] } };
}

async function check(scratch: ScratchDatabase, { config, manifest, signal }: DrillRequest): Promise<Check[]> {
  const { target, admin } = scratch;
  const { checkSql } = config.drill;
  const valid = await withSession(target, signal, (session) => checkValidity(session, manifest));
  const own =
    checkSql === undefined ? [] : await withSession(target, signal, (one) => runCheckSql(one, checkSql), 'its own');
  const unread: Check = { name: 'amcheck', outcome: 'not run', detail: 'it takes a superuser of a server of our own' };
  const inside = admin ? await withSession(admin, signal, runAmcheck) : [unread];
  return [...valid, ...inside, ...own];
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
    artifacts: dumpsOf(manifest).map(({ key, sha256 }) => ({ key, sha256 })),
    compared: made.length,
    differences: made
      .filter((one) => one.outcome === 'different')
      .map(({ what, expected, found }) => ({ what, expected, found })),
    notCompared: notes.compared
      .filter((one) => one.outcome === 'not compared')
      .map(({ what, reason: why }) => ({ what, reason: why ?? '' })),
    leftOut: notes.leftOut.map(({ entry, reason: why }) => ({ what: describeEntry(entry), reason: why })),
    checks: notes.checks.map(({ name, outcome: found, detail }) => ({ name, outcome: found, detail })),
    missingExtensions: [...notes.missing],
  };
}

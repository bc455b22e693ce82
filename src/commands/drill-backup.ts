import { type Entry, readEntry } from '../catalog/entries.ts';
import { newBackupId } from '../catalog/ids.ts';
import { signatureKey } from '../catalog/keys.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { type Proof, proofFileName, serializeProof } from '../catalog/proof.ts';
import { signatureOf } from '../catalog/signature.ts';
import type { DrillConfig } from '../config/config.ts';
import { describeDrill } from '../drill/describe.ts';
import { holdDrill } from '../drill/drill.ts';
import { Failure, failureKinds } from '../errors.ts';
import { tagsOf } from '../retention/tier.ts';
import { toolVersion } from '../version.ts';
import type { readJobs } from './jobs.ts';
import type { Reader } from './reader.ts';
import type { Notes } from './telling.ts';

/** What was asked of a drill. */
export interface DrillOptions {
  readonly superuser: boolean;
  readonly allowMissing: (extension: string) => boolean;
  readonly jobs: ReturnType<typeof readJobs>;
  readonly json: boolean;
  /** Whether the result is recorded beside the backup. */
  readonly proof: boolean;
  readonly searchPath: string;
  readonly signal: AbortSignal;
}

const exitCodes: Readonly<Record<Proof['outcome'], number>> = {
  passed: 0,
  failed: failureKinds.verification.exitCode,
  'could not run': failureKinds.dump.exitCode,
};

/**
 * Drills one backup, prints the result and records it. Resolves to the exit code, 0 only when it passed.
 * @param notes gets how it ended.
 * @throws {Failure} what says nothing about the backup, as `holdDrill` does; what the store throws.
 */
export async function drillBackup(entry: Entry, reader: Reader, options: DrillOptions, notes: Notes): Promise<number> {
  const { config, store, log, progress } = reader;
  const { superuser, allowMissing, jobs, searchPath, signal } = options;
  const manifest = await readEntry(store, entry, signal);
  const drilled = await holdDrill({
    config: superuser ? { ...config, drill: asSuperuser(config.drill) } : config,
    store,
    folder: entry.folder,
    manifest,
    allowMissing,
    jobs,
    searchPath,
    toolVersion,
    log: log.child({ database: entry.database, id: entry.id }),
    progress,
    signal,
  });
  const { proof } = drilled;
  const exitCode = exitCodes[proof.outcome];
  if (proof.outcome === 'passed') notes.lastProofAt = new Date(proof.finishedAt);
  else
    notes.failure = new Failure(
      proof.outcome === 'failed' ? 'verification' : 'dump',
      proof.reason ?? proof.outcome,
      drilled,
    );
  reader.print(options.json ? `${JSON.stringify({ ...proof, exitCode })}\n` : describeDrill(drilled));
  if (options.proof) await record(reader, entry.folder, proof, manifest, signal);
  return exitCode;
}

function asSuperuser(drillConfig: DrillConfig): DrillConfig {
  if (!drillConfig.databaseUrl) return { ...drillConfig, role: 'superuser' };
  throw new Failure('usage', '--superuser is for the server that a drill starts itself, not for DRILL_DATABASE_URL', {
    hint: 'There the user of DRILL_DATABASE_URL restores: leave --superuser out.',
  });
}

const unsigned =
  'the proof is not signed, so that whoever sets MANIFEST_PUBLIC_KEY does not believe it: set MANIFEST_SIGNING_KEY for drills too';

/** Beside the backup, with the same tags, so that rules that go by them let both expire together. */
async function record(
  { store, config, log }: Reader,
  folder: string,
  proof: Proof,
  { tier }: Manifest,
  signal: AbortSignal,
): Promise<void> {
  const key = folder + proofFileName(new Date(proof.finishedAt));
  const content = serializeProof(proof);
  const mark = { runId: newBackupId(new Date()), tags: tagsOf(config.store, tier), signal };
  const signature = signatureOf(content, config.signing);
  if (signature !== undefined) {
    await store.putSmall(signatureKey(key), signature, { ...mark, contentType: 'text/plain; charset=utf-8' });
  } else if (config.signing.publicKeys.length > 0) log.warn(unsigned);
  await store.putSmall(key, content, { ...mark, contentType: 'application/json' });
  const { database, id, outcome } = proof;
  const location = store.describe(key);
  log.info({ event: 'recorded', database, id, outcome, location }, `recorded in ${location}`);
}

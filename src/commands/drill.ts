import { listCatalog, readEntry } from '../catalog/entries.ts';
import { newBackupId } from '../catalog/ids.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { type Proof, proofFileName, serializeProof } from '../catalog/proof.ts';
import { signatureKey } from '../catalog/keys.ts';
import { signatureOf } from '../catalog/signature.ts';
import { selectBackup } from '../catalog/select.ts';
import type { DrillConfig } from '../config/config.ts';
import { Failure, failureKinds } from '../errors.ts';
import { describeDrill } from '../drill/describe.ts';
import { holdDrill } from '../drill/drill.ts';
import { tagsOf } from '../retention/tier.ts';
import { toolVersion } from '../version.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { readJobs } from './jobs.ts';
import { openReader, type Reader } from './reader.ts';
import { telling } from './telling.ts';

const usage =
  'drill [latest|ID|TIME] [--database NAME] [--allow-missing-extension [NAME]]… [--superuser] [--jobs N|auto] [--json] [--no-proof]';

const exitCodes: Readonly<Record<Proof['outcome'], number>> = {
  passed: 0,
  failed: failureKinds.verification.exitCode,
  'could not run': failureKinds.dump.exitCode,
};

/**
 * `drill`: restores a backup into a scratch database, compares it with its manifest, checks it, and records the result
 * beside it. Exits with 0 only when it passed.
 */
export const drill: Command = {
  summary: 'restore a backup into a scratch server, compare it, and record the proof',
  usage,
  run: telling('drill', async (edge, notes) => {
    const { values, positionals } = readArguments(
      withNames(edge.args),
      {
        database: { type: 'string' },
        'allow-missing-extension': { type: 'string', multiple: true },
        superuser: { type: 'boolean' },
        jobs: { type: 'string' },
        json: { type: 'boolean' },
        'no-proof': { type: 'boolean' },
      },
      usage,
      1,
    );
    using reader = openReader(edge);
    const { config, store, log, progress } = reader;
    const { entries } = await listCatalog(store, values.database, edge.signal);
    const entry = selectBackup(entries, positionals[0] ?? 'latest', store.location);
    const allowed = values['allow-missing-extension'] ?? [];
    Object.assign(notes, {
      database: entry.database,
      backupId: entry.id,
      location: store.describe(entry.folder.slice(0, -1)),
    });
    const manifest = await readEntry(store, entry, edge.signal);
    const drilled = await holdDrill({
      config: values.superuser === true ? { ...config, drill: asSuperuser(config.drill) } : config,
      store,
      folder: entry.folder,
      manifest,
      allowMissing: (name) => allowed.includes(everyName) || allowed.includes(name),
      jobs: readJobs(values.jobs, config.restoreJobs, usage),
      searchPath: edge.env.PATH ?? '',
      toolVersion,
      log: log.child({ database: entry.database, id: entry.id }),
      progress,
      signal: edge.signal,
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
    reader.print(values.json === true ? `${JSON.stringify({ ...proof, exitCode })}\n` : describeDrill(drilled));
    if (values['no-proof'] !== true) await record(reader, entry.folder, proof, manifest, edge.signal);
    return exitCode;
  }),
};

function asSuperuser(drillConfig: DrillConfig): DrillConfig {
  if (!drillConfig.databaseUrl) return { ...drillConfig, role: 'superuser' };
  throw new Failure('usage', '--superuser is for the server that a drill starts itself, not for DRILL_DATABASE_URL', {
    hint: 'There the user of DRILL_DATABASE_URL restores: leave --superuser out.',
  });
}

const everyName = '*';

/** `--allow-missing-extension` may stand without a name, which node's own parser does not know. */
function withNames(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1];
    const isAlone = next === undefined || next.startsWith('-') || next === 'latest' || /^\d{4}-?\d\d-?\d\d/.test(next);
    return arg === '--allow-missing-extension' && isAlone ? `${arg}=${everyName}` : arg;
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

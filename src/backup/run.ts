import { newBackupId } from '../catalog/ids.ts';
import { backupFolder, databaseFolder, fileNames } from '../catalog/keys.ts';
import { wholeLane } from '../catalog/lane-names.ts';
import { type Manifest, schemaVersionFor, serializeManifest } from '../catalog/manifest.ts';
import { proofFileName, serializeProof } from '../catalog/proof.ts';
import { restoreGuide } from '../catalog/restore-guide.ts';
import { sha256Sums } from '../catalog/sums.ts';
import type { Config, SourceConfig } from '../config/config.ts';
import { partVariables } from '../config/dump-filters.ts';
import { refuseLeftOutKeys } from '../postgres/left-out.ts';
import { findNeeds } from '../postgres/needs.ts';
import { searchPathWarnings } from '../postgres/search-path-users.ts';
import { tagsOf } from '../retention/tier.ts';
import { folderAddress } from './folder-address.ts';
import { notDivisible } from './lane-plan.ts';
import type { RunContext } from './context.ts';
import { drillStored } from './drill.ts';
import { sumOfSpent } from './effort.ts';
import { prepareGlobals } from './globals.ts';
import { preflight } from './preflight.ts';
import { earlierBackups, gapBefore, previousBackup, shrinkWarning } from './previous.ts';
import type { Ready } from './ready.ts';
import { SignedObjects } from './signed.ts';
import { beginSnapshot } from './snapshot.ts';
import { storeArtifacts } from './store-artifacts.ts';
import { dumpFile, verifyDump } from './store-dump.ts';
import { decideTier } from './tier.ts';
import { WrittenObjects } from './written.ts';

/** A backup that is complete: its manifest, and what the user should know besides. */
export interface CompletedBackup {
  readonly manifest: Manifest;
  readonly location: string;
  readonly warnings: readonly string[];
  /** How often no backup was made before this one although it was time; undefined where that is not known. */
  readonly missedTicks: number | undefined;
}

/**
 * Makes one backup: snapshot, dump into the store, verify, record. It exists from the moment its manifest does, which is
 * written last; when anything fails before, whatever was written is removed again.
 * @throws {Failure} the first cause.
 */
export async function makeBackup(run: RunContext): Promise<CompletedBackup> {
  const { config } = run;
  const { database } = config.source.connection;
  const startedAt = new Date();
  const id = newBackupId(startedAt);
  const log = run.log.child({ database, id });
  const context = { ...run, log };
  const folder = backupFolder(database, id);

  await using ready = await preflight(context, folder + dumpFile(wholeLane, config.form));
  const { store, session, client, encryption, signal } = ready;
  const location = store.describe(folder.slice(0, -1));
  const plan = await prepareGlobals(context, ready);
  const snapshot = await beginSnapshot(context, ready);
  const { census } = snapshot;
  log.info(
    {
      event: 'started',
      location,
      server: session.server.version,
      client: client.version,
      databaseBytes: session.server.databaseBytes,
    },
    `backing up ${database} (PostgreSQL ${session.server.version}) to ${location}`,
  );

  const earlier = earlierBackups(store, database, log, signal);
  const tierSoon = earlier.then((ids) => decideTier(context, startedAt, ids));
  const previousSoon = earlier.then((ids) => previousBackup(store, database, ids, log, signal));
  const besides = Promise.all([tierSoon, previousSoon, sweep(ready, context)]);
  // Looked at once the dump is stored; a failure before that is told instead.
  besides.catch(() => undefined);
  // An object gets its tags when its upload begins: only then does the dump have to wait for the tier.
  const tags = config.store.kind === 's3' && config.store.tags ? tagsOf(config.store, await tierSoon) : undefined;
  await using written = new WrittenObjects(store, id, tags, log, config.run.verify !== 'head');
  const signed = new SignedObjects(written, config.signing);
  const request = { snapshot, plan, folder, id, tags, written, earlier };
  const { globals, dumps: stored } = await storeArtifacts(context, ready, request);
  const contents = await census.finish();
  await refuseLeftOutKeys(session.client, config.source, census.dumped);
  const needs = await findNeeds(session.client, config.source, contents.tables);
  const unrestorable = await searchPathWarnings(session.client, log);
  await verifyDump(context, ready, request, stored);
  const [tier, previous] = await besides;

  const dumps = stored.map(({ artifact }) => artifact);
  const spent = sumOfSpent(stored.map((one) => one.spent));
  const artifacts = globals.artifact ? [...dumps, globals.artifact] : dumps;
  const manifest: Manifest = {
    schemaVersion: schemaVersionFor(artifacts),
    tool: { name: 'pg-offsite', version: context.toolVersion },
    id,
    database,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    server: {
      version: session.server.version,
      major: session.server.major,
      encoding: session.server.encoding,
      databaseBytes: session.server.databaseBytes,
      ...session.server.locale,
    },
    client: { version: client.version, major: client.major },
    artifacts,
    ...(globals.artifact && { globals: { passwords: globals.passwords } }),
    verified: config.run.verify,
    tier,
    ...(spent && { effort: spent }),
    encryptionRecipients: [...encryption.recipients],
    contents: {
      filtered: contents.filtered,
      tables: [...contents.tables],
      objects: contents.objects === null ? null : { ...contents.objects },
      extensions: [...contents.extensions],
      roles: [...contents.roles],
      sequences: [...contents.sequences],
      ...(needs && { needs: { schemas: [...needs.schemas], extensions: [...needs.extensions] } }),
    },
  };
  const proof = await drillStored(context, ready, folder, manifest);
  if (proof) {
    const proofKey = folder + proofFileName(new Date(proof.finishedAt));
    await signed.put(proofKey, serializeProof(proof), 'application/json', signal);
  }
  const text = 'text/plain; charset=utf-8';
  await written.put(folder + fileNames.sums, sha256Sums(manifest.artifacts), text, signal);
  await signed.put(
    folder + fileNames.guide,
    restoreGuide(manifest, folderAddress(config.store, location), config.signing.key !== undefined),
    'text/markdown; charset=utf-8',
    signal,
  );
  await signed.put(folder + fileNames.manifest, serializeManifest(manifest), 'application/json', signal);
  written.keep();

  const shrunk = shrinkWarning(dumps, previous?.manifest, config.run.shrinkAlert);
  const gap = gapBefore(startedAt, previous, config.run.schedule);
  const warnings = [
    partWarning(config.source),
    jobsWarning(config),
    globals.warning,
    ...unrestorable,
    shrunk,
    gap?.warning,
  ];
  return {
    manifest,
    location,
    warnings: warnings.filter((warning) => warning !== undefined),
    missedTicks: gap?.ticks,
  };
}

function partWarning(source: SourceConfig): string | undefined {
  const names = partVariables(source);
  if (names.length === 0) return undefined;
  return `${names.join(', ')} left things out: this is a backup of a part, and what the part needs besides (types, functions, tables of other schemas) must be in the database that it is restored into`;
}

function jobsWarning({ source, form }: Config): string | undefined {
  const names = form.jobs === 1 || form.jobs === 'auto' ? undefined : notDivisible(source);
  return names && `JOBS=${String(form.jobs)} has no effect with ${names}: the dump is one object`;
}

/** Ends what a killed run left behind: uploads so old that no run that is still going can own them. */
async function sweep({ store, signal }: Ready, { config, log }: RunContext): Promise<void> {
  const before = new Date(Date.now() - config.run.timeoutMs);
  const ended = await store.sweepUnfinished(databaseFolder(config.source.connection.database), before, signal);
  if (ended > 0) log.warn(`ended ${String(ended)} unfinished uploads that an earlier run left behind`);
}

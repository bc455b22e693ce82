import { schemaLane } from '../catalog/lane-names.ts';
import { dumpsOf, type Manifest } from '../catalog/manifest.ts';
import type { Decryption } from '../pipeline/decryption.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { describeEntry, type LeftOut } from '../restore/leave-out.ts';
import { type ArtifactSource, openToc } from '../restore/load.ts';
import { restoreBackup, type Restored } from '../restore/restore.ts';
import { knownNames, usableJobs } from '../restore/scope.ts';
import { knownOf, openSources } from '../restore/sources.ts';
import type { TocEntry } from '../restore/toc-list.ts';
import type { DrillRequest } from './drill-request.ts';
import type { Obstacle } from './outcome.ts';
import type { ScratchDatabase } from './scratch-database.ts';
import { findRoles, makeRoles } from './script-roles.ts';
import { planSuperuserEntries, runAsSuperuser, type SuperuserPlan } from './superuser-entries.ts';
import { superuserHint } from './superuser-role.ts';

/** What a drill restores into and with. */
export interface DrillTools {
  readonly scratch: ScratchDatabase;
  readonly client: PostgresClient;
  readonly decryption: Decryption;
  /** Extensions that the drill goes on without. */
  readonly missing: readonly string[];
  /** Called with each reason why the backup cannot be tried as it is, as soon as it is known. */
  readonly onObstacle: (obstacle: Obstacle) => void;
}

/**
 * Restores the whole of a backup into a scratch database. A role without a superuser's rights does it, and what only a
 * superuser may create and cannot do harm is created by the scratch server's own; or a superuser does all of it, where the
 * dump is trusted so far.
 * @throws {Failure} see `restoreBackup`.
 */
export async function restoreIntoScratch(request: DrillRequest, tools: DrillTools): Promise<Restored> {
  const { config, store, folder, manifest, jobs, searchPath, log, progress, signal } = request;
  const { scratch, onObstacle } = tools;
  const atOnce = usableJobs(jobs, dumpsOf(manifest), whole, log);
  const sources = await openSources({ ...request, atOnce, decryption: tools.decryption });
  const plan = await planOf(request, tools, sources);
  const notTried = (plan?.notTried ?? []).map(({ entry }) => describeEntry(entry));
  if (notTried.length > 0) {
    onObstacle({ reason: `only a superuser may create ${notTried.join(', ')}`, hint: superuserHint });
  }
  await superuser('before');
  const missing = new Set(tools.missing);
  // The same entry is another object when it is read again, and another lane may have one of its number.
  const planned = new Map([...(plan?.leaveOut ?? [])].map(([{ line }, reason]) => [line, reason]));
  const restored = await restoreBackup({
    config: { ...config, source: undefined, databases: undefined },
    store,
    folder,
    manifest: without(manifest, missing),
    known: knownOf(sources),
    target: scratch.target,
    options: whole,
    create: false,
    prepared: true,
    jobs,
    // A plain dump is one script: nothing of it can be left out.
    ...(plan && {
      leaveOut: (entry: TocEntry) => {
        const absent = isOfExtension(entry, missing) ? 'the scratch server lacks the extension' : undefined;
        return absent ?? planned.get(entry.line);
      },
    }),
    searchPath,
    log,
    progress,
    signal,
  });
  await superuser('after');
  return plan ? withoutMade(restored, plan) : restored;

  async function superuser(when: 'before' | 'after'): Promise<void> {
    if (!plan || !scratch.admin) return;
    for (const refusal of await runAsSuperuser(scratch.admin, scratch.target.user, plan[when], signal)) {
      const reason = `the scratch server refused what only a superuser may create: ${refusal}`;
      onObstacle({ reason, hint: superuserHint });
    }
  }
}

/** All that there is, but nobody's and for nobody. */
const whole = { withOwners: false, withComments: true, clean: false, schemas: [], tables: [], only: undefined };

/** For a plain dump, which has no list of entries, makes the roles that it names. */
async function planOf(
  { manifest, signal }: DrillRequest,
  { scratch, client }: DrillTools,
  sources: readonly ArtifactSource[],
): Promise<SuperuserPlan | undefined> {
  // Nothing that only a superuser may make is in a lane of rows.
  const source = sources.find(({ artifact }) => sources.length === 1 || artifact.lane === schemaLane);
  if (!source) return undefined;
  if (source.artifact.format === 'plain') {
    await makeRoles(scratch, new Set([...manifest.contents.roles, ...(await findRoles(source))]), signal);
    return undefined;
  }
  await using toc = await openToc(source, client, knownNames(manifest));
  return await planSuperuserEntries(toc, client, { own: scratch.admin !== undefined && !scratch.trusted, signal });
}

/** What the superuser has made is there, and can be compared. */
function withoutMade(restored: Restored, { leaveOut, notTried }: SuperuserPlan): Restored {
  const lost = new Set(notTried.map(({ entry }) => entry.line));
  const isMade = ({ line, kind }: TocEntry): boolean =>
    !lost.has(line) && !['SUBSCRIPTION', 'COMMENT', 'SECURITY LABEL'].includes(kind);
  const made = new Set([...leaveOut.keys()].filter(isMade).map(({ line }) => line));
  const leftOut: LeftOut[] = restored.leftOut.filter(({ entry }) => !made.has(entry.line));
  return { ...restored, leftOut, scope: { ...restored.scope, leftOut } };
}

/** So that a restore does not ask for what is known to be missing. */
function without(manifest: Manifest, missing: ReadonlySet<string>): Manifest {
  const { contents } = manifest;
  const extensions = contents.extensions.filter(({ name }) => !missing.has(name));
  return { ...manifest, contents: { ...contents, extensions } };
}

/** The extension itself and its comment: what else depends on it cannot be told from the list of a dump. */
function isOfExtension({ kind, name }: TocEntry, extensions: ReadonlySet<string>): boolean {
  return (
    (kind === 'EXTENSION' && extensions.has(name)) ||
    (kind === 'COMMENT' && extensions.has(name.replace(/^EXTENSION "?|"$/g, '')))
  );
}

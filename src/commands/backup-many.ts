import { attempt } from '../backup/attempts.ts';
import { chooseDatabases } from '../backup/databases.ts';
import { retainAfter } from '../backup/retain.ts';
import { makeBackup } from '../backup/run.ts';
import { someAtATime } from '../catalog/some-at-a-time.ts';
import type { Config, DatabasesConfig } from '../config/config.ts';
import { connectionTo } from '../config/databases.ts';
import { type Failure, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { oneLine } from '../visible.ts';
import { openStore } from '../store/open.ts';
import { toolVersion } from '../version.ts';
import type { BackupJob } from './backup-one.ts';
import { elapsedSince, type Ended, failed, logSuccess, succeeded } from './backup-result.ts';
import { withinTime } from './backup-time.ts';
import { type DatabaseEnd, DatabaseEnds } from './database-ends.ts';
import { keepFailure } from './keep-failure.ts';
import { reportFailure } from './report-failure.ts';
import type { Ending } from './run-event.ts';
import { askStanding, type Standing } from './standing.ts';

/** How much time the store has to say how one database stands, or to keep its failure, and once the run is to end. */
const askMs = 5000;
const askStoppedMs = 2000;

/**
 * Backs up several databases of one server, each as a backup of its own, in their order and so many at once. One that
 * fails does not stop the others; a signal, `BACKUP_TIMEOUT` and what is wrong with the configuration do. All of it
 * within one `BACKUP_TIMEOUT`.
 * @throws {Failure} where nothing was begun: which databases there are could not be found out, or there are none.
 */
export async function backUpMany(job: BackupJob, several: DatabasesConfig): Promise<Ended> {
  const { config, edge, reporting, teller, started } = job;
  const { log } = reporting;
  const run: { ends?: DatabaseEnds; reason?: Failure; standing?: Standing } = {};
  const standsNow = (failure: Failure): Ending =>
    run.ends?.asEnded(elapsedSince(started), failure).ending ?? { exitCode: failure.exitCode, failure };
  const time = { timeoutMs: config.run.timeoutMs, signal: edge.signal, teller, log, standsNow };
  try {
    await withinTime(time, async (signal, settled) => {
      const { names, forbidden } = await attempt({ config, log, signal }, () =>
        chooseDatabases(config.source.connection, several, signal),
      );
      const warnings = forbiddenWarning(forbidden, config);
      for (const warning of warnings) log.warn(warning);
      log.info({ databases: names.length }, `backing up ${count(names)}: ${some(names)}`);
      const chosen = new DatabaseEnds(names, warnings);
      run.ends = chosen;
      let left = names.length;
      await someAtATime(names, several.concurrency, async (name) => {
        if (signal.aborted || run.reason) return;
        chosen.begin(name);
        const made = (): void => {
          left -= 1;
          if (left === 0) settled();
        };
        const end = await backUpDatabase(job, asOneOf(config, name, names.length), signal, made);
        chosen.end(name, end);
        if (end.failure?.kind === 'config') run.reason ??= end.failure;
      });
      if (signal.aborted && left > 0) throw toFailure(signal.reason);
      settled();
      const [only, ...others] = chosen.failed;
      if (only !== undefined && others.length === 0) run.standing = await howItStands(job, only, undefined);
    });
  } catch (error) {
    run.reason = toFailure(error);
  }
  const { ends, reason, standing } = run;
  if (!ends) throw reason ?? new Error('a run ended without its databases');
  const ended = ends.asEnded(elapsedSince(started), reason, standing);
  const { failure } = ended.ending;
  if (failure) reportFailure(log, failure);
  else log.info(`done: all of ${count(ended.result.databases ?? [])}`);
  return ended;
}

/** What makes one database of several: its name, and its share of what is sent at once, so that memory stays the same. */
function asOneOf(config: Config, name: string, all: number): Config {
  const { source, store, databases } = config;
  const atOnce = Math.min(databases?.concurrency ?? 1, all);
  return {
    ...config,
    source: { ...source, connection: connectionTo(source.connection, name) },
    store:
      store.kind === 's3'
        ? { ...store, uploadConcurrency: Math.max(1, Math.floor(store.uploadConcurrency / atOnce)) }
        : store,
  };
}

/** @param made called once nothing can keep this database from having its backup, or from having failed. */
async function backUpDatabase(
  job: BackupJob,
  config: Config,
  signal: AbortSignal,
  made: () => void,
): Promise<DatabaseEnd> {
  const { edge, reporting, teller } = job;
  const { database } = config.source.connection;
  const started = performance.now();
  // People see the name, since lines of several come one between the other; its lines have the name as a field as well.
  const log = reporting.log.child({}, { msgPrefix: `${oneLine(database)}: ` });
  const { progress } = reporting;
  const context = { config, log, signal, searchPath: edge.env.PATH ?? '', toolVersion, progress };
  try {
    const completed = await attempt(context, () => makeBackup(context));
    made();
    const backup = await retainAfter(completed, context);
    const { result, ending } = succeeded(backup, elapsedSince(started));
    logSuccess(log, result);
    const standing =
      teller.hearsOfRecovery && !signal.aborted ? await howItStands(job, database, result.id) : undefined;
    return { result, ending, ...(standing && { standing }) };
  } catch (error) {
    made();
    const failure = toFailure(error);
    reportFailure(log.child({ database }), failure);
    if (teller.hearsOfRecovery || config.report) await keep(job, database, failure, signal, log);
    return { result: failed(failure, database, elapsedSince(started)), failure };
  }
}

async function howItStands(
  { config, reporting: { log } }: BackupJob,
  database: string,
  madeNow: string | undefined,
): Promise<Standing> {
  const store = openStore(config.store, log);
  try {
    const { publicKeys } = config.signing;
    const asksRecovery = madeNow !== undefined;
    return await askStanding({ store, publicKeys, database, madeNow, asksRecovery, withinMs: askMs, log });
  } finally {
    store.close();
  }
}

async function keep(
  { config, edge: { runId }, redact }: BackupJob,
  database: string,
  failure: Failure,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  if (failure.kind === 'config') return;
  const store = openStore(config.store, log);
  try {
    const withinMs = signal.aborted ? askStoppedMs : askMs;
    await keepFailure({ store, database, runId, failure, withinMs, redact, log });
  } finally {
    store.close();
  }
}

function forbiddenWarning(names: readonly string[], { source }: Config): string[] {
  if (names.length === 0) return [];
  const { user } = source.connection;
  return [
    `not backed up, since ${user} may not connect: ${some(names)}; grant CONNECT, or name them in EXCLUDE_DATABASES`,
  ];
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(oneLine).join(', ');
  return names.length > 10 ? `${shown} and ${String(names.length - 10)} more` : shown;
}

function count({ length }: readonly unknown[]): string {
  return `${length.toLocaleString('en-US')} ${length === 1 ? 'database' : 'databases'}`;
}

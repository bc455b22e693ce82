import { setTimeout as sleep } from 'node:timers/promises';
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import type { RunContext } from '../backup/context.ts';
import { type CompletedBackup, makeBackup } from '../backup/run.ts';
import type { Config } from '../config/config.ts';
import { readConfig } from '../config/read.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import type { Log } from '../log.ts';
import { keepTail } from '../log-tail.ts';
import { createRedactor, redactJson } from '../redact.ts';
import { createReporting, type Reporting } from '../report/reporting.ts';
import { pruneAfterBackup, type Pruned } from '../retention/after-backup.ts';
import { openStore } from '../store/open.ts';
import { toolVersion } from '../version.ts';
import { afterAbort } from './after-abort.ts';
import type { Command, Edge } from './command.ts';
import { reportFailure } from './report-failure.ts';
import type { Ending } from './run-event.ts';
import { type Notified, Teller } from './tell.ts';
import { writeReport } from './write-report.ts';

const pauseBetweenAttemptsMs = 5000;
/** How long a run that was told to end may clean up. The edge ends the process by force a little later. */
const cleanupMs = 18_000;

/** The result line: what scripts read on standard output. */
interface Result {
  readonly outcome: 'success' | 'failure';
  readonly exitCode: number;
  readonly database?: string;
  readonly id?: string;
  readonly location?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  readonly verified?: string;
  readonly tables?: number;
  readonly rows?: number;
  readonly missedTicks?: number;
  readonly pruned?: Pruned['pruned'];
  readonly durationMs: number;
  readonly warnings?: readonly string[];
  readonly error?: string;
  readonly hint?: string;
  readonly notified?: readonly Notified[];
}

/** `backup`: one run, in at most `BACKUP_ATTEMPTS` attempts, all of them within `BACKUP_TIMEOUT`. */
export const backup: Command = {
  summary: 'make one backup (the default)',
  usage: 'backup',
  async run(outside) {
    const started = performance.now();
    const tail = keepTail(outside.stderr);
    const edge = { ...outside, stderr: tail.output };
    using teller = new Teller('backup', edge, tail);
    let redact = createRedactor([]);
    const atFirst = { format: edge.env.LOG_FORMAT === 'json' ? 'json' : 'auto', level: 'info' } as const;
    let { log } = createReporting(edge, atFirst, redact);
    let config: Config | undefined;
    let result: Result;
    let ending: Ending;
    try {
      if (edge.args.length > 0) {
        throw new Failure('usage', `backup takes no arguments, but got: ${edge.args.join(' ')}`, {
          hint: 'Everything is set by environment variables; `pg-offsite --help` lists the commands.',
        });
      }
      const read = readConfig(edge.env);
      config = read;
      redact = createRedactor(read.secrets);
      const reporting = createReporting(edge, read.log, redact);
      log = reporting.log;
      for (const warning of read.warnings) log.warn(warning);
      teller.begin();
      const done = await withinDeadline(read, reporting, edge, teller);
      result = success(done, started);
      ending = endingOf(done);
      for (const warning of result.warnings ?? []) log.warn(warning);
      const { id, database, location, bytes, durationMs } = result;
      log.info(
        { event: 'done', database, id, location, bytes, durationMs },
        `done: ${result.location ?? ''} ${prettyBytes(result.bytes ?? 0)}, verified by ${result.verified ?? ''}, in ${prettyMs(result.durationMs)}`,
      );
    } catch (error) {
      const failure = toFailure(error);
      reportFailure(log, failure);
      result = {
        outcome: 'failure',
        exitCode: failure.exitCode,
        ...(config && { database: config.source.connection.database }),
        durationMs: elapsed(started),
        error: failure.message,
        ...(failure.hint !== undefined && { hint: failure.hint }),
      };
      ending = { exitCode: failure.exitCode, failure };
    }
    const notified = await teller.end(ending);
    if (notified.length > 0) result = { ...result, notified };
    if (config) {
      const { failure } = ending;
      const warning = await writeReport({ config, runId: edge.runId, failure, log, signal: edge.signal });
      if (warning !== undefined) {
        log.warn(warning);
        result = { ...result, warnings: [...(result.warnings ?? []), warning] };
      }
    }
    edge.stdout.write(`${redactJson(result, redact)}\n`);
    return result.exitCode;
  },
};

/** A complete backup, and what retention did after it. */
type Done = CompletedBackup & Pick<Pruned, 'pruned'>;

async function withinDeadline(config: Config, { log, progress }: Reporting, edge: Edge, teller: Teller): Promise<Done> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(
      new Failure('deadline', `the backup was not done after ${prettyMs(config.run.timeoutMs)}`, {
        hint: 'Raise BACKUP_TIMEOUT if the database has grown; the log shows where the time went.',
      }),
    );
  }, config.run.timeoutMs);
  const signal = AbortSignal.any([edge.signal, deadline.signal]);
  const overdue = Promise.withResolvers<never>();
  const waits = [
    teller.tellEarly(signal),
    afterAbort(signal, cleanupMs, () => {
      log.warn('the clean-up was not done in time: an unfinished upload may be left behind, which the next runs sweep');
      overdue.reject(toFailure(signal.reason));
    }),
  ];
  const stopWaiting = (): void => {
    for (const wait of waits) wait[Symbol.dispose]();
  };
  try {
    const completed = await Promise.race([
      overdue.promise,
      attempts({
        config,
        log,
        signal,
        searchPath: edge.env.PATH ?? '',
        toolVersion,
        progress,
      }),
    ]);
    // From here on the backup exists, and nothing makes the run a failure any more.
    stopWaiting();
    const { pruned, warnings } = await retain(completed, config, log, signal);
    return { ...completed, ...(pruned && { pruned }), warnings: [...completed.warnings, ...warnings] };
  } finally {
    clearTimeout(timer);
    stopWaiting();
  }
}

async function retain({ manifest }: CompletedBackup, config: Config, log: Log, signal: AbortSignal): Promise<Pruned> {
  const { retention: policy } = config;
  if (!policy) return { warnings: [] };
  const store = openStore(config.store, log);
  try {
    const { database, id: madeNow } = manifest;
    const backupTimeoutMs = config.run.timeoutMs;
    return await pruneAfterBackup({ store, database, madeNow, policy, backupTimeoutMs, log, signal });
  } finally {
    store.close();
  }
}

/** Tries again what is worth repeating, each time as a new backup with an id of its own. */
async function attempts(context: RunContext): Promise<CompletedBackup> {
  const { config, log, signal } = context;
  for (let attempt = 1; ; attempt++) {
    try {
      return await makeBackup(context);
    } catch (error) {
      throwIfAborted(signal);
      const failure = toFailure(error);
      if (!failure.retryable || attempt >= config.run.attempts) throw failure;
      log.warn(`attempt ${String(attempt)} of ${String(config.run.attempts)} failed: ${failure.message}`);
      await sleep(pauseBetweenAttemptsMs, undefined, { signal }).catch(() => undefined);
      throwIfAborted(signal);
    }
  }
}

function success({ manifest, location, missedTicks, pruned, warnings }: Done, started: number): Result {
  const { id, database, artifacts, verified, contents } = manifest;
  const [dump] = artifacts;
  return {
    outcome: 'success',
    exitCode: 0,
    database,
    id,
    location,
    bytes: artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(dump && { sha256: dump.sha256 }),
    verified,
    tables: contents.tables.length,
    rows: contents.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    ...(missedTicks !== undefined && { missedTicks }),
    ...(pruned && { pruned }),
    durationMs: elapsed(started),
    warnings,
  };
}

function endingOf({ manifest, location, missedTicks, warnings }: Done): Ending {
  const { id, artifacts, contents } = manifest;
  return {
    exitCode: 0,
    backupId: id,
    location,
    bytes: artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
    rows: contents.tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
    rowsExact: contents.tables.every(({ exact }) => exact),
    tables: contents.tables.length,
    missedTicks,
    warnings,
  };
}

function elapsed(started: number): number {
  return Math.round(performance.now() - started);
}

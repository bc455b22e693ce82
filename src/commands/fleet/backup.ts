import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { Failure, type FailureKind, failureKinds, toFailure } from '../../errors.ts';
import { backUpMembers } from '../../fleet/back-up.ts';
import { type Fleet, readFleet } from '../../fleet/fleet.ts';
import type { MemberResult } from '../../fleet/outcome.ts';
import { type Share, takeShare } from '../../fleet/share.ts';
import { keepTail } from '../../log-tail.ts';
import { createRedactor, redactJson } from '../../redact.ts';
import { createReporting, type Reporting } from '../../report/reporting.ts';
import { openStore } from '../../store/open.ts';
import { withinTime } from '../backup-time.ts';
import type { Edge } from '../command.ts';
import { reportFailure } from '../report-failure.ts';
import type { Ending } from '../run-event.ts';
import { type Notified, Teller } from '../tell.ts';
import { worstExit } from '../worst.ts';

/** The result line of a process of a fleet. */
interface Result {
  readonly outcome: 'success' | 'failure';
  readonly exitCode: number;
  readonly durationMs: number;
  /** Undefined where the configuration was wrong. */
  readonly fleet?: {
    readonly run: string | null;
    readonly index: number;
    readonly shards: number;
    readonly members: number;
  };
  readonly sharedBy?: Share['by'];
  readonly members?: readonly MemberResult[];
  readonly warnings?: readonly string[];
  readonly error?: string;
  readonly hint?: string;
  readonly notified?: readonly Notified[];
}

/** What a process has done so far. */
interface Progress {
  share: Share | undefined;
  readonly results: MemberResult[];
}

/**
 * `backup` with `FLEET_FILE`: one backup of each member of this process's share, each in a process of its own. All within
 * `BACKUP_TIMEOUT`; people are told once of all of them. Resolves to the worst exit code.
 */
export async function backUpFleet(outside: Edge): Promise<number> {
  const started = performance.now();
  const tail = keepTail(outside.stderr);
  const edge = { ...outside, stderr: tail.output };
  using teller = new Teller('backup', edge, tail);
  const atFirst = { format: edge.env.LOG_FORMAT === 'json' ? 'json' : 'auto', level: 'info' } as const;
  let { redact } = teller;
  let { log } = createReporting(edge, atFirst, redact);
  let fleet: Fleet | undefined;
  const progress: Progress = { share: undefined, results: [] };
  let failure: Failure | undefined;
  try {
    if (edge.args.length > 0) {
      throw new Failure('usage', `backup takes no arguments, but got: ${edge.args.join(' ')}`, {
        hint: 'Everything is set by environment variables; `pg-offsite --help` lists the commands.',
      });
    }
    fleet = readFleet(edge.env);
    redact = createRedactor(fleet.config.secrets);
    const reporting = createReporting(edge, fleet.config.log, redact);
    log = reporting.log;
    for (const warning of fleet.config.warnings) log.warn(warning);
    teller.begin();
    await work(fleet, { edge, reporting, teller, progress });
    failure = failureOf(progress.results);
  } catch (error) {
    failure = toFailure(error);
  }
  if (failure) reportFailure(log, failure);
  const { share, results } = progress;
  const exitCode = failure?.exitCode ?? 0;
  const notified = await teller.end(endingOf(progress, failure));
  const result: Result = {
    outcome: failure ? 'failure' : 'success',
    exitCode,
    durationMs: Math.round(performance.now() - started),
    ...(fleet && {
      fleet: { run: fleet.run ?? null, index: fleet.index, shards: fleet.shards, members: fleet.members.length },
    }),
    ...(share && { sharedBy: share.by, members: results, warnings: share.warnings }),
    ...(failure && { error: failure.message, ...(failure.hint !== undefined && { hint: failure.hint }) }),
    ...(notified.length > 0 && { notified }),
  };
  edge.stdout.write(`${redactJson(result, redact)}\n`);
  return exitCode;
}

interface Surroundings {
  readonly edge: Edge;
  readonly reporting: Reporting;
  readonly teller: Teller;
  readonly progress: Progress;
}

async function work(fleet: Fleet, { edge, reporting: { log }, teller, progress }: Surroundings): Promise<void> {
  const standsNow = (failure: Failure): Ending => endingOf(progress, failure);
  const { timeoutMs } = fleet.config.run;
  await withinTime({ timeoutMs, signal: edge.signal, teller, log, standsNow }, async (signal, settled) => {
    progress.share = await shareOf(fleet, edge, log, signal);
    const { members, by, warnings } = progress.share;
    for (const warning of warnings) log.warn(warning);
    const which = fleet.shards === 1 ? 'all' : `share ${fleet.index} of ${fleet.shards} (by ${by})`;
    log.info(`${which}: ${members.length} of ${fleet.members.length} members`);
    const all = await backUpMembers({
      fleet,
      members,
      self: edge.self,
      write: (text) => edge.stderr.write(text),
      onResult: (result) => {
        progress.results.push(result);
        const { member, bytes, durationMs } = result;
        const where = `${progress.results.length} of ${members.length}`;
        if (result.outcome === 'success') {
          log.info(
            { member, bytes, durationMs },
            `${member} is backed up (${where}): ${prettyBytes(bytes ?? 0)} in ${prettyMs(durationMs)}`,
          );
        } else {
          log.error(
            { member, exitCode: result.exitCode, durationMs },
            `${member} is not backed up (${where}): ${result.error ?? ''}`,
          );
        }
      },
      log,
      signal,
    });
    settled();
    // In the order of the share, whichever ended first.
    progress.results.splice(0, progress.results.length, ...all);
  });
}

async function shareOf(fleet: Fleet, edge: Edge, log: Reporting['log'], signal: AbortSignal): Promise<Share> {
  const store = openStore(fleet.config.store, log);
  try {
    return await takeShare({ fleet, store, runId: edge.runId, now: new Date(), log, signal });
  } finally {
    store.close();
  }
}

const kinds = new Map<number, FailureKind>(
  Object.entries(failureKinds).map(([kind, { exitCode }]) => [exitCode, kind as FailureKind] as const),
);

/** That of all members together; undefined where all is well, also where there are more shares than members. */
function failureOf(results: readonly MemberResult[]): Failure | undefined {
  const failed = results.filter(({ exitCode }) => exitCode !== 0);
  const [first] = failed;
  if (!first) return undefined;
  const kind = kinds.get(worstExit(failed.map(({ exitCode }) => exitCode))) ?? 'bug';
  const names = failed.slice(0, 3).map(({ member }) => member);
  const more = failed.length > names.length ? ` and ${failed.length - names.length} more` : '';
  const why = failed.length === 1 ? `: ${first.error ?? ''}` : '';
  return new Failure(
    kind,
    `${failed.length} of ${results.length} members not backed up: ${names.join(', ')}${more}${why}`,
    {
      hint: failed.length === 1 ? first.hint : 'The log and the result line tell why, for each of them.',
    },
  );
}

function endingOf({ share, results }: Progress, failure: Failure | undefined): Ending {
  const known = results.filter(({ bytes }) => bytes !== undefined);
  return {
    exitCode: failure?.exitCode ?? 0,
    failure,
    database: undefined,
    ...(known.length > 0 && { bytes: known.reduce((sum, { bytes = 0 }) => sum + bytes, 0) }),
    warnings: share?.warnings,
    parts: results.map(({ member, exitCode, error, id, bytes }) => ({ name: member, exitCode, error, id, bytes })),
  };
}

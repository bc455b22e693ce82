import { timeOfId } from '../catalog/ids.ts';
import type { ScheduleConfig } from '../config/config.ts';
import type { Failure } from '../errors.ts';
import type { RunEvent, RunPart, ToldCommand } from '../notify/event.ts';
import { missedSince } from '../schedule/missed.ts';
import { nextTick } from '../schedule/ticks.ts';
import type { Standing } from './standing.ts';

/** How a run ended, as its command knows it. What is left out is not known. */
export interface Ending {
  readonly exitCode: number;
  /** Why, where it failed. */
  readonly failure?: Failure | undefined;
  /** The database that it was about; undefined for none or several of them, left out for the one that is configured. */
  readonly database?: string | undefined;
  /** The backup that it was about. */
  readonly backupId?: string | undefined;
  readonly location?: string | undefined;
  readonly bytes?: number | undefined;
  readonly rows?: number | undefined;
  readonly rowsExact?: boolean | undefined;
  readonly tables?: number | undefined;
  readonly missedTicks?: number | undefined;
  readonly lastProofAt?: Date | undefined;
  readonly warnings?: readonly string[] | undefined;
  /** Of a run about several: each of them. Messages show a bounded list, failures first. Texts may hold secrets still. */
  readonly parts?: readonly RunPart[] | undefined;
  /** How it stands by what the store holds, where that is known already: it is not asked again then. */
  readonly standing?: Standing | undefined;
}

/** Everything that an event is made of. */
export interface EventParts {
  readonly kind: RunEvent['kind'];
  readonly command: ToldCommand;
  readonly runId: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** As it is configured. */
  readonly database: string | undefined;
  readonly schedule: ScheduleConfig | undefined;
  /** The store, for a run that has no backup to show. */
  readonly location: string | undefined;
  readonly ending: Ending;
  readonly standing: Standing;
  readonly logTail: readonly string[];
  readonly platformLogHint: string | undefined;
}

/** @param redact applied to every text that could hold a secret. */
export function composeEvent(parts: EventParts, redact: (text: string) => string): RunEvent {
  const { kind, command, runId, startedAt, durationMs, schedule, ending, standing } = parts;
  const { exitCode, failure, backupId, bytes, rows, rowsExact = true, tables, warnings = [] } = ending;
  const database = 'database' in ending ? ending.database : parts.database;
  const location = ending.location ?? parts.location;
  const now = new Date(startedAt.getTime() + durationMs);
  // A key that may not list still knows what it has just stored.
  const own = command === 'backup' && kind !== 'failure' ? asNewest(backupId) : undefined;
  const newestGood = standing.newestGood === 'unknown' ? (own ?? 'unknown') : standing.newestGood;
  return {
    kind,
    command,
    runId,
    database: database === undefined ? undefined : redact(database),
    backupId,
    location: location === undefined ? undefined : redact(location),
    exitCode,
    failure:
      kind === 'failure'
        ? {
            kind: failure?.kind ?? 'bug',
            message: redact(failure?.message ?? `the command ended with exit code ${String(exitCode)}`),
            hint: failure?.hint === undefined ? undefined : redact(failure.hint),
          }
        : undefined,
    startedAt,
    durationMs,
    bytes,
    previousBytes: bytes === undefined ? undefined : standing.previousBytes,
    rows,
    rowsExact,
    tables,
    newestGood,
    nextDue: schedule && nextTick(schedule, now),
    missedTicks: ending.missedTicks ?? missedTicks(schedule, newestGood, now),
    lastProofAt: ending.lastProofAt ?? standing.lastProofAt,
    warnings: warnings.map(redact),
    parts: ending.parts?.map((part) => ({
      ...part,
      name: redact(part.name),
      ...(part.error !== undefined && { error: redact(part.error) }),
    })),
    logTail: parts.logTail.map(redact),
    platformLogHint: parts.platformLogHint === undefined ? undefined : redact(parts.platformLogHint),
  };
}

function asNewest(id: string | undefined): { id: string; startedAt: Date } | undefined {
  const startedAt = id === undefined ? undefined : timeOfId(id);
  return id !== undefined && startedAt ? { id, startedAt } : undefined;
}

/** That of a run which has just failed included. */
function missedTicks(
  schedule: ScheduleConfig | undefined,
  newest: RunEvent['newestGood'],
  now: Date,
): number | undefined {
  if (schedule === undefined || typeof newest !== 'object') return undefined;
  return missedSince(schedule, newest.startedAt, now)?.count ?? 0;
}

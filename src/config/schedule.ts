import prettyMs from 'pretty-ms';
import { nextTick, shortestInterval } from '../schedule/ticks.ts';
import type { RunConfig, ScheduleConfig, SchedulerConfig } from './config.ts';
import { type ReadValues, quote } from './environment.ts';
import type { Findings } from './findings.ts';
import { quotesNote } from './quotes.ts';

/** Any time does for checking an expression; a fixed one gives the same findings every day. */
const anyTime = new Date('2026-01-15T12:00:00Z');

/** When backups are to be made; undefined where it is not set, or after a problem. */
export function readSchedule(
  { values, nameOf }: ReadValues,
  timezone: string,
  findings: Findings,
): ScheduleConfig | undefined {
  const text = values.BACKUP_SCHEDULE;
  if (text === undefined) return undefined;
  const schedule = { expression: text.split(/\s+/).join(' '), timezone };
  if (isSchedule(schedule)) return schedule;
  const name = nameOf('BACKUP_SCHEDULE');
  const note = quotesNote(text);
  // As an env file takes it, where this came from one.
  const example = note === '' ? '"0 3 * * *"' : '0 3 * * *';
  findings.problem(
    `${name}=${quote(text)} is no cron expression of five fields${note}, for example ${name}=${example}`,
  );
  return undefined;
}

function isSchedule(schedule: ScheduleConfig): boolean {
  // Five fields: a sixth, for seconds, is read by this library but by no platform's cron.
  const fields = schedule.expression.split(' ');
  if (fields.length !== 5 && !/^@(?:yearly|annually|monthly|weekly|daily|hourly)$/.test(schedule.expression))
    return false;
  // `H` stands for another number each time that it is read.
  if (fields.some((field) => /(?:^|,)H/i.test(field))) return false;
  try {
    nextTick(schedule, anyTime);
    return true;
  } catch {
    return false; // told by the caller: the library's words do not name the variable
  }
}

/** What the command `schedule` needs, and whether the times of a run and those of the schedule go together. */
export function readScheduler(
  { values, isSet, nameOf }: ReadValues,
  { schedule, timeoutMs }: Pick<RunConfig, 'schedule' | 'timeoutMs'>,
  findings: Findings,
): SchedulerConfig {
  const jitterMs = values.SCHEDULE_JITTER;
  if (schedule !== undefined) {
    const shortestMs = shortestInterval(schedule, anyTime, Math.min(timeoutMs, jitterMs));
    const every = (): string =>
      `the shortest time between two starts of ${nameOf('BACKUP_SCHEDULE')}, ${prettyMs(shortestMs)}`;
    if (timeoutMs > shortestMs) {
      findings.warn(
        `BACKUP_TIMEOUT, ${prettyMs(timeoutMs)}, is longer than ${every()}: a slow run makes the next one fail or wait`,
      );
    }
    if (jitterMs >= shortestMs) {
      findings.problem(
        `SCHEDULE_JITTER, ${prettyMs(jitterMs)}, is not shorter than ${every()}; for example SCHEDULE_JITTER=5m`,
      );
    }
  } else if (isSet('SCHEDULE_JITTER')) {
    findings.warn('SCHEDULE_JITTER has no effect without BACKUP_SCHEDULE');
  }
  return { jitterMs, port: values.SCHEDULE_PORT };
}

import { CronExpressionParser } from 'cron-parser';
import type { RunConfig } from './config.ts';
import { type ReadValues, quote } from './environment.ts';
import type { Findings } from './findings.ts';

/** How one run behaves. */
export function readRun(read: ReadValues, findings: Findings): RunConfig {
  const { values, nameOf } = read;
  const timezone = readTimezone(read, findings);
  return {
    timeoutMs: values.BACKUP_TIMEOUT,
    stallTimeoutMs: Math.min(values.STALL_TIMEOUT, values.BACKUP_TIMEOUT),
    attempts: values.BACKUP_ATTEMPTS,
    verify: values.VERIFY,
    shrinkAlert: values.SHRINK_ALERT,
    lock: values.LOCK,
    schedule: readSchedule(values.BACKUP_SCHEDULE, timezone, nameOf('BACKUP_SCHEDULE'), findings),
    timezone,
  };
}

/** The time zone of schedule and calendar, by the name of the IANA list. */
export function readTimezone({ values, nameOf }: ReadValues, findings: Findings): string {
  const [zone, name] = [values.BACKUP_TIMEZONE, nameOf('BACKUP_TIMEZONE')];
  try {
    // Offsets are valid there too, but a schedule in one would ignore summer time without a word.
    if (/^[A-Za-z]/.test(zone)) return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    // Told below.
  }
  findings.problem(`${name}=${quote(zone)} is no time zone of the IANA list, for example ${name}=Europe/Berlin`);
  return 'UTC';
}

function readSchedule(
  text: string | undefined,
  timezone: string,
  name: string,
  findings: Findings,
): string | undefined {
  if (text === undefined) return undefined;
  const schedule = text.split(/\s+/).join(' ');
  try {
    // Five fields: a sixth, for seconds, is read by this library but by no platform's cron.
    if (schedule.split(' ').length === 5 || /^@(?:yearly|annually|monthly|weekly|daily|hourly)$/.test(schedule)) {
      CronExpressionParser.parse(schedule, { tz: timezone }).next();
      return schedule;
    }
  } catch {
    // Told below: the library's words do not name the variable.
  }
  findings.problem(`${name}=${quote(text)} is no cron expression of five fields, for example ${name}="0 3 * * *"`);
  return undefined;
}

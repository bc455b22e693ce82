import type { RunConfig } from './config.ts';
import { type ReadValues, quote } from './environment.ts';
import type { Findings } from './findings.ts';
import { readSchedule } from './schedule.ts';

/** How one run behaves. */
export function readRun(read: ReadValues, findings: Findings): RunConfig {
  const { values } = read;
  const timezone = readTimezone(read, findings);
  return {
    timeoutMs: values.BACKUP_TIMEOUT,
    stallTimeoutMs: Math.min(values.STALL_TIMEOUT, values.BACKUP_TIMEOUT),
    attempts: values.BACKUP_ATTEMPTS,
    verify: values.VERIFY,
    shrinkAlert: values.SHRINK_ALERT,
    lock: values.LOCK,
    schedule: readSchedule(read, timezone, findings),
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

import { duration, integer, text } from '../kinds.ts';
import { variable } from '../variable.ts';

/** When backups are made. */
export const scheduleVariables = {
  BACKUP_SCHEDULE: variable(text, {
    words:
      'When backups are made, as a cron expression of five fields. The platform starts them; only the command `schedule` does so itself. `check` and each run notice what was missed.',
    example: '0 3 * * *',
  }),
  BACKUP_TIMEZONE: variable(text, {
    words: 'The time zone of `BACKUP_SCHEDULE` and of the days, weeks, months and years of `KEEP_…`.',
    example: 'Europe/Berlin',
    default: 'UTC',
  }),
  SCHEDULE_JITTER: variable(duration(0), {
    words:
      'The command `schedule` starts each backup up to this much later, at random, so that many jobs do not start at once.',
    example: '5m',
    default: '0s',
  }),
  SCHEDULE_PORT: variable(integer(1, 65_535), {
    words: 'The command `schedule` answers `GET /healthz` and `/metrics` (Prometheus) on this port.',
    example: '9187',
  }),
};

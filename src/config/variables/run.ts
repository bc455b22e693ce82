import { duration, integer, oneOf, percent } from '../kinds.ts';
import { variable } from '../variable.ts';

/** How one run behaves. */
export const runVariables = {
  BACKUP_TIMEOUT: variable(duration(1), {
    words: 'The whole run ends by then. Keep it below the limit of the platform.',
    example: '6h',
    default: '6h',
    aliases: ['COMMAND_TIMEOUT'],
  }),
  STALL_TIMEOUT: variable(duration(1), {
    words: 'A run in which no byte moves for this long is ended.',
    example: '15m',
    default: '15m',
  }),
  BACKUP_ATTEMPTS: variable(integer(1, 10), {
    words: 'How often a run that failed for a passing reason is tried, the first time included.',
    example: '3',
    default: '2',
  }),
  VERIFY: variable(oneOf('head', 'download', 'drill'), {
    words:
      '`head` compares what the store says it has; `download` reads every byte back; `drill` restores the backup into a scratch server and compares it, for which the job needs the private key, or no encryption.',
    example: 'drill',
    default: 'head',
  }),
  SHRINK_ALERT: variable(percent, {
    words: 'Warn when a dump is smaller than the previous one by more than this. `0` never warns.',
    example: '50%',
    default: '50%',
  }),
  LOCK: variable(oneOf('auto', 'on', 'off'), {
    words: 'An advisory lock in the database, so that two runs never overlap.',
    example: 'off',
    default: 'auto',
  }),
};

/** How logs are written. */
export const logVariables = {
  LOG_FORMAT: variable(oneOf('auto', 'pretty', 'json'), {
    words: '`auto` is pretty on a terminal and plain lines elsewhere.',
    example: 'json',
    default: 'auto',
  }),
  LOG_LEVEL: variable(oneOf('debug', 'info', 'warn', 'error'), {
    words: 'The least important lines to write.',
    example: 'debug',
    default: 'info',
  }),
};

/** Which backups are kept. None set: nothing is ever deleted. */
export const retentionVariables = {
  KEEP_LAST: variable(integer(1), { words: 'Keep the newest so many.', example: '7' }),
  KEEP_WITHIN: variable(duration(86_400_000, 'd'), {
    words: 'Keep all that are at most so much older than the newest; a number without a unit is in days.',
    example: '35d',
    aliases: ['BACKUP_KEEP_DAYS', 'BACKUP_RETENTION_DAYS', 'RETENTION_DAYS', 'REMOVE_BEFORE', 'DELETE_OLDER_THAN'],
  }),
  KEEP_DAILY: variable(integer(1), {
    words: 'Keep the newest of each of so many days that have any; one that a drill has proved comes first.',
    example: '7',
  }),
  KEEP_WEEKLY: variable(integer(1), {
    words: 'The same of so many ISO weeks.',
    example: '5',
    aliases: ['BACKUP_KEEP_WEEKS'],
  }),
  KEEP_MONTHLY: variable(integer(1), {
    words: 'The same of so many months.',
    example: '12',
    aliases: ['BACKUP_KEEP_MONTHS'],
  }),
  KEEP_YEARLY: variable(integer(1), { words: 'The same of so many years.', example: '3' }),
  KEEP_MINIMUM: variable(integer(1), {
    words: 'Never fewer than this, whatever the others say.',
    example: '3',
    default: '3',
  }),
};

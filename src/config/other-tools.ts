import { isOff, isOn } from './switch.ts';

/**
 * What becomes of a setting that only other programs have: `agrees` asks for what happens anyway; `idle` is not followed,
 * which the user is told; `refused` would leave the user with another backup than the one asked for.
 */
export type Verdict = 'agrees' | 'idle' | 'refused';

/** What a verdict may depend on besides the value. */
export interface Asked {
  /** A backup, or one of the commands that read backups. */
  readonly task: 'backup' | 'reading';
  readonly encrypted: boolean;
  /** For how long every backup is kept, in ms; infinite where nothing is ever removed. */
  readonly keptMs: number;
}

/** A setting of another program for which there is no variable here. */
export interface OtherSetting {
  readonly verdict: Verdict | ((value: string, asked: Asked) => Verdict);
  /** What happens instead, or what to write in its place. */
  readonly words: string | ((value: string) => string);
}

const byPlatform = "the platform's cron starts each backup, or the command schedule at BACKUP_SCHEDULE";

const schedule: OtherSetting = {
  verdict: 'idle',
  words: (value) => {
    const written = asBackupSchedule(value);
    return `${byPlatform}${written === undefined ? '' : `; write BACKUP_SCHEDULE="${written}"`}`;
  },
};

/** Five fields or a word; some programs have a field for seconds before them. */
function asBackupSchedule(value: string): string | undefined {
  const text = value.trim().replace(/\s+/g, ' ');
  if (/^@(?:yearly|annually|monthly|weekly|daily|hourly)$/.test(text)) return text;
  if (text === '@midnight') return '@daily';
  const [, count = '', unit = ''] = /^@every (\d+)([mh])$/.exec(text) ?? [];
  if (unit !== '') return everySoOften(Number(count), unit === 'h' ? 24 : 60);
  const fields = text.split(' ');
  if (!fields.every((field) => /^[\w*/,-]+$/.test(field))) return undefined;
  if (fields.length === 6 && fields[0] === '0') return fields.slice(1).join(' ');
  return fields.length === 5 ? text : undefined;
}

/** Undefined where the day, or the hour, is no multiple of it: cron begins to count anew with each. */
function everySoOften(count: number, whole: 24 | 60): string | undefined {
  if (count === 0 || count >= whole || whole % count !== 0) return count === 24 && whole === 24 ? '@daily' : undefined;
  return whole === 24 ? `0 */${count} * * *` : `*/${count} * * * *`;
}

const clients = agreed("the client programs are those of the server's own version");
const named = idle('each backup has a folder of its own, named by its time; S3_PREFIX is the folder above');
const onStart = idleWhenOn('the command backup makes one at once; schedule does with --now');
const hookUrl = idle('set HEALTHCHECK_URL for a dead man’s switch, WEBHOOK_URL for messages');
const hook = idle('programs of your own are not run; see docs/NOTIFICATIONS.md');
const webhook = idle('set WEBHOOK_URL and NOTIFY_ON');
const days = idle('KEEP_WEEKLY and KEEP_MONTHLY keep the newest of each week and month');
const restore = 'this program restores by the command restore; see docs/RESTORING.md';

/** The settings of other programs that are not aliases, by name. Their values are never shown, but for a schedule. */
export const otherSettings: Readonly<Record<string, OtherSetting>> = {
  SCHEDULE: schedule,
  CRON: schedule,
  CRON_SCHEDULE: schedule,
  CRON_EXPRESSION: schedule,
  BACKUP_CRON: schedule,
  BACKUP_CRON_SCHEDULE: schedule,
  BACKUP_CRON_EXPRESSION: schedule,
  SINGLE_SHOT_MODE: { verdict: (value) => (isOff(value) ? 'idle' : 'agrees'), words: byPlatform },
  RUN_ON_STARTUP: onStart,
  BACKUP_ON_START: onStart,
  VALIDATE_ON_START: agreed('every run reads its whole configuration before it does anything'),
  HEALTHCHECK_PORT: idle('set SCHEDULE_PORT, where the command schedule answers'),

  S3_S3V4: agreed('requests are always signed by version 4'),
  S3_PATH: {
    verdict: (value) => (/^s3:/i.test(value.trim()) ? 'refused' : 'idle'),
    words: 'set S3_PREFIX, or BACKUP_DESTINATION=s3://bucket/prefix',
  },
  S3_CA_BUNDLE: idle('set NODE_EXTRA_CA_CERTS to the path of that file'),
  S3_SSL_VERIFY: {
    verdict: (value) => (isOff(value) ? 'idle' : 'agrees'),
    words: 'certificates are always verified; set NODE_EXTRA_CA_CERTS to the file of a CA of your own',
  },
  SUPPORT_OBJECT_LOCK: idleWhenOn('uploads have the checksums of S3_CHECKSUMS, which buckets with Object Lock ask for'),
  DISABLE_S3_CHECKSUM_VALIDATION: idleWhenOn('set S3_CHECKSUMS=required'),
  S3_FILE_NAME: named,
  BACKUP_FILENAME: named,
  BACKUP_SUFFIX: named,
  BACKUP_LATEST_TYPE: named,

  POSTGRES_VERSION: clients,
  ALPINE_VERSION: clients,
  PG_VERSION: clients,
  PGSERVICE: refused('set DATABASE_URL, or PGHOST, PGUSER and PGDATABASE'),
  PGHOSTADDR: refused('set the address as PGHOST'),

  ENABLE_ENCRYPTION: {
    verdict: (value, asked) => (isOn(value) ? encrypts(value, asked) : 'agrees'),
    words: encryptBy(),
  },
  BACKUP_ENCRYPTION_KEY: { verdict: encrypts, words: encryptBy() },

  BACKUP_KEEP_MINS: {
    verdict: (value, { keptMs }) => (Number(value) * 60_000 <= keptMs ? 'agrees' : 'refused'),
    words: 'set KEEP_WITHIN, within which every backup is kept',
  },
  BACKUP_WEEK_DAY: days,
  BACKUP_MONTH_DAY: days,

  BACKUP_FILE: { verdict: (_value, { task }) => (task === 'backup' ? 'refused' : 'idle'), words: restore },
  RUN_MODE: {
    verdict: (value, { task }) =>
      !/^restore$/i.test(value.trim()) ? 'agrees' : task === 'backup' ? 'refused' : 'idle',
    words: restore,
  },
  CREATE_DATABASE: idleWhenOn('the command restore makes a database with --create'),
  DROP_DATABASE: idleWhenOn('the command restore never drops a database'),
  DROP_PUBLIC: idleWhenOn('the command restore never drops a schema'),
  DECOMPRESSION_CMD: agreed('what a backup was compressed with is known from its name'),

  HOOK_PRE_BACKUP_URL: hookUrl,
  HOOK_POST_BACKUP_URL: hookUrl,
  HOOK_BACKUP_ERROR_URL: hookUrl,
  HOOK_PRE_RESTORE_URL: hookUrl,
  HOOK_POST_RESTORE_URL: hookUrl,
  HOOK_RESTORE_ERROR_URL: hookUrl,
  HOOK_ALLOW_HTTP: idleWhenOn('nothing is called by a hook'),
  HOOK_INHERIT_ENV: idleWhenOn('nothing is called by a hook'),
  HOOKS_DIR: hook,
  WEBHOOK_ERROR_URL: webhook,
  WEBHOOK_PRE_BACKUP_URL: webhook,
  WEBHOOK_POST_BACKUP_URL: webhook,
  WEBHOOK_EXTRA_ARGS: webhook,
  BACKUP_MATRIX_VERBOSITY: webhook,
  ELEMENT_SERVER: webhook,
  ENABLE_METRICS: idleWhenOn('set PUSHGATEWAY_URL, or SCHEDULE_PORT with the command schedule'),
  LOGDIR: idle('logs go to standard error'),
};

/** What becomes of a setting of another program, and the words for it; undefined for a name that is none. */
export function judgeOtherSetting(
  name: string,
  value: string,
  asked: Asked,
): { readonly verdict: Verdict; readonly words: string } | undefined {
  const setting = Object.hasOwn(otherSettings, name) ? otherSettings[name] : undefined;
  if (setting === undefined) return undefined;
  return {
    verdict: typeof setting.verdict === 'function' ? setting.verdict(value, asked) : setting.verdict,
    words: typeof setting.words === 'function' ? setting.words(value) : setting.words,
  };
}

function agreed(words: string): OtherSetting {
  return { verdict: 'agrees', words };
}

function idle(words: string): OtherSetting {
  return { verdict: 'idle', words };
}

function refused(words: string): OtherSetting {
  return { verdict: 'refused', words };
}

function idleWhenOn(words: string): OtherSetting {
  return { verdict: (value) => (isOff(value) ? 'agrees' : 'idle'), words };
}

function encrypts(_value: string, { encrypted }: Asked): Verdict {
  return encrypted ? 'idle' : 'refused';
}

function encryptBy(): string {
  return 'set AGE_RECIPIENTS to encrypt, or GPG_PASSPHRASE, or remove it to store backups unencrypted';
}

import type { LogConfig, NotifyConfig, ScheduleConfig, StoreConfig } from './config.ts';
import { readConnection } from './connection.ts';
import { readDrill } from './drill.ts';
import { type Environment, readValues } from './environment.ts';
import { Findings } from './findings.ts';
import { readNotify } from './notify.ts';
import { inOurForm } from './other-forms.ts';
import { readOtherUrl } from './other-url.ts';
import { readTimezone } from './run.ts';
import { readSchedule } from './schedule.ts';
import type { Secret } from './secret.ts';
import { readSigning } from './signing.ts';
import { readStore } from './storage.ts';

/** What can be told of a run, and to whom, whether or not the configuration is right. */
export interface Salvaged {
  readonly notify: NotifyConfig;
  /** See Config. */
  readonly report: boolean;
  readonly log: LogConfig;
  /** Undefined where it is not set, wrong, or one of several. */
  readonly database: string | undefined;
  readonly store: StoreConfig | undefined;
  readonly schedule: ScheduleConfig | undefined;
  /** See SigningConfig. */
  readonly publicKeys: readonly string[];
  readonly secrets: readonly Secret[];
}

/**
 * As much of the configuration as can be understood: a wrong DATABASE_URL must still be told on Slack. What is wrong with
 * the rest is not told here, since the run's own reading lists all of it. Never throws, contacts nothing.
 */
export function salvageConfig(env: Environment): Salvaged {
  const findings = new Findings();
  const read = readValues(inOurForm(env, findings), findings);
  const { values } = read;
  const notify = readNotify(read, findings);
  // Of several each is told by itself.
  const isSourceSet = !read.isSet('DATABASES') && (read.isSet('DATABASE_URL') || read.isSet('PGHOST'));
  const database = isSourceSet ? readConnection(env, read, findings)?.database : undefined;
  const store = readStore(read, findings);
  const schedule = readSchedule(read, readTimezone(read, findings), findings);
  const { publicKeys } = readSigning(read, findings);
  // Only for the secrets in them.
  readOtherUrl('TARGET_DATABASE_URL', read, findings);
  readDrill(read, findings);
  return {
    notify,
    report: values.REPORT,
    log: { format: values.LOG_FORMAT, level: values.LOG_LEVEL },
    database,
    store,
    schedule,
    publicKeys,
    secrets: findings.secrets,
  };
}

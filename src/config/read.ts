import { checkAgeIdentity } from './age-identity.ts';
import { checkCombinations } from './combinations.ts';
import type { Config, KeysConfig, ReaderConfig, SourceConfig } from './config.ts';
import { readConnection } from './connection.ts';
import { readDatabases } from './databases.ts';
import { readDumpArgs } from './dump-args.ts';
import { readDrill } from './drill.ts';
import { type Environment, type ReadValues, readValues } from './environment.ts';
import { Findings } from './findings.ts';
import { readForm } from './form.ts';
import { readNotify } from './notify.ts';
import { inOurForm } from './other-forms.ts';
import { readOtherUrl } from './other-url.ts';
import { keptFor, readRetention } from './retention.ts';
import { readRun, readTimezone } from './run.ts';
import { readSchedule, readScheduler } from './schedule.ts';
import { Secret } from './secret.ts';
import { demandSigning, readSigning } from './signing.ts';
import { readStore } from './storage.ts';
import { checkUnknownNames } from './unknown-names.ts';

/**
 * The whole configuration, checked and frozen. Reads files that variables name, contacts nothing. Throws one Failure of
 * kind `config` that lists every problem; neither it nor the warnings ever hold the value of a secret.
 * @param findings collects what is found, for who wants to tell it in other words.
 */
export function readConfig(given: Environment, findings = new Findings()): Config {
  const env = inOurForm(given, findings);
  const read = readValues(env, findings);
  checkCombinations(read, findings);
  const source = readSource(env, read, findings);
  const databases = readDatabases(read, findings);
  const store = readStore(read, findings);
  const form = readForm(read, findings);
  const run = readRun(read, findings);
  const scheduler = readScheduler(read, run, findings);
  const drill = readDrill(read, findings);
  const signing = readSigning(read, findings);
  demandSigning(read, findings);
  const notify = readNotify(read, findings);
  const keys = readKeys(read, findings);
  const retention = readRetention(read, run.timezone);
  checkUnknownNames(
    env,
    { task: 'backup', encrypted: form.encryption.kind !== 'none', keptMs: keptFor(retention) },
    findings,
  );
  findings.throwIfAny();
  if (source === undefined || store === undefined)
    throw new Error('a part of the configuration failed without a problem');
  return deepFreeze({
    source,
    databases,
    store,
    form,
    run,
    scheduler,
    retention,
    keys,
    signing,
    drill,
    restoreMaxSize: read.values.RESTORE_MAX_SIZE,
    notify,
    report: read.values.REPORT,
    log: { format: read.values.LOG_FORMAT, level: read.values.LOG_LEVEL },
    warnings: findings.warnings,
    secrets: findings.secrets,
  });
}

/**
 * The configuration of a command that reads backups back, checked and frozen. The same rules as for a backup, but the
 * database to back up need not be there any more.
 * @throws {Failure} `config` listing every problem.
 */
export function readReaderConfig(given: Environment): ReaderConfig {
  const findings = new Findings();
  const env = inOurForm(given, findings);
  const read = readValues(env, findings);
  const store = readStore(read, findings);
  const source = read.isSet('DATABASE_URL') ? readConnection(env, read, findings) : undefined;
  const databases = readDatabases(read, findings);
  const target = readOtherUrl('TARGET_DATABASE_URL', read, findings);
  const drill = readDrill(read, findings);
  const timezone = readTimezone(read, findings);
  const schedule = readSchedule(read, timezone, findings);
  const retention = readRetention(read, timezone);
  const signing = readSigning(read, findings);
  const notify = readNotify(read, findings);
  const keys = readKeys(read, findings);
  checkUnknownNames(env, { task: 'reading', encrypted: true, keptMs: keptFor(retention) }, findings);
  findings.throwIfAny();
  if (store === undefined) throw new Error('a part of the configuration failed without a problem');
  const { values } = read;
  return deepFreeze({
    store,
    source,
    databases,
    target,
    drill,
    keys,
    signing,
    schedule,
    timezone,
    retention,
    backupTimeoutMs: values.BACKUP_TIMEOUT,
    restoreJobs: values.RESTORE_JOBS,
    restoreMaxSize: values.RESTORE_MAX_SIZE,
    clientsDir: values.PG_CLIENTS_DIR,
    notify,
    log: { format: values.LOG_FORMAT, level: values.LOG_LEVEL },
    warnings: findings.warnings,
    secrets: findings.secrets,
  });
}

function readKeys({ values, nameOf }: ReadValues, findings: Findings): KeysConfig {
  checkAgeIdentity(values.AGE_IDENTITY, nameOf('AGE_IDENTITY'), findings);
  return {
    ageIdentity: values.AGE_IDENTITY,
    gpgPrivateKey: values.GPG_PRIVATE_KEY,
    gpgPassphrase: values.GPG_PASSPHRASE,
  };
}

function readSource(env: Environment, read: ReadValues, findings: Findings): SourceConfig | undefined {
  const { values, nameOf } = read;
  const connection = readConnection(env, read, findings);
  const dumpArgs = readDumpArgs(values.PG_DUMP_ARGS, nameOf('PG_DUMP_ARGS'), findings);
  if (connection === undefined) return undefined;
  return {
    connection,
    schemas: values.SCHEMAS,
    excludeSchemas: values.EXCLUDE_SCHEMAS,
    tables: values.TABLES,
    excludeTables: values.EXCLUDE_TABLES,
    excludeTableData: values.EXCLUDE_TABLE_DATA,
    dumpArgs,
    lockWaitTimeoutMs: values.LOCK_WAIT_TIMEOUT,
    // Restoring all of it costs far more than counting it, and an estimate proves nothing.
    rowCounts: values.VERIFY === 'drill' && values.ROW_COUNTS === 'auto' ? 'exact' : values.ROW_COUNTS,
    globals: values.GLOBALS,
    clientsDir: values.PG_CLIENTS_DIR,
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null && !(part instanceof Secret)) deepFreeze(part as object);
  }
  return Object.freeze(value);
}

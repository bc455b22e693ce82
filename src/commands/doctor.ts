import { backupFolder, databaseFolder } from '../catalog/keys.ts';
import { newBackupId } from '../catalog/ids.ts';
import type { Config, NotifyConfig } from '../config/config.ts';
import { ordinarySecrets } from '../config/ordinary-secrets.ts';
import { readConfig } from '../config/read.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import { isFleet } from '../fleet/is-fleet.ts';
import type { Log } from '../log.ts';
import { openChannels } from '../notify/open-channels.ts';
import { harmless } from '../visible.ts';
import { compressStage } from '../pipeline/compress.ts';
import { prepareEncryption } from '../pipeline/encrypt.ts';
import { createRedactor } from '../redact.ts';
import { createReporting } from '../report/reporting.ts';
import { tagsOf } from '../retention/tier.ts';
import { isMissing, wasItMounted } from '../store/folders.ts';
import { describeProvider } from '../store/describe-provider.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { type Check, examineDatabases } from './doctor-database.ts';
import { describeNames } from './describe-names.ts';
import { describeSigning } from './describe-signing.ts';
import { examineFleet } from './fleet/doctor.ts';

/**
 * `doctor`: tries every permission and setting that a run needs, leaves nothing behind, and says what to fix. Exits with
 * the code that a run would fail with, of the first thing that is wrong.
 */
export const doctor: Command = {
  summary: 'try every permission and setting without making a backup',
  usage: 'doctor',
  async run(edge) {
    readArguments(edge.args, {}, 'doctor', 0);
    if (isFleet(edge.env)) return examineFleet(edge);
    edge.stdout.write(describeNames(edge.env));
    const config = readConfig(edge.env);
    const redact = createRedactor(config.secrets);
    const { log } = createReporting(edge, config.log, redact);
    const failures: Failure[] = [];
    const tell = (text: string): void => {
      edge.stdout.write(harmless(redact(text)));
    };
    const check: Check = async (what, attempt) => {
      try {
        tell(`ok    ${what}: ${await attempt()}\n`);
        return undefined;
      } catch (error) {
        throwIfAborted(edge.signal);
        const failure = toFailure(error);
        failures.push(failure);
        tell(`FAIL  ${what}: ${failure.message}\n${failure.hint === undefined ? '' : `      ${failure.hint}\n`}`);
        return failure;
      }
    };
    tell('ok    configuration: all variables are understood\n');
    for (const warning of config.warnings) tell(`warn  configuration: ${warning}\n`);
    for (const place of ordinarySecrets(edge.env, config.secrets)) {
      edge.stdout.write(`warn  configuration: ${place} ${guessable}\n`);
    }
    tell(`ok    signatures: ${describeSigning(config.signing)}\n`);
    await check('notifications', () => describeChannels(config.notify, redact));
    await checkPrograms(config, edge.env.PATH ?? '', edge.signal, check, tell);
    const examined = await examineDatabases(config, {
      log,
      searchPath: edge.env.PATH ?? '',
      signal: edge.signal,
      check,
      tell,
    });
    await checkStore(examined, log, edge.signal, check, tell);
    const [first] = failures;
    tell(first ? `${String(failures.length)} to fix\n` : 'all fine: a backup can be made\n');
    return first?.exitCode ?? 0;
  },
};

/** Nothing of it is masked: where the secret is one of these words, the warning could not be read. */
const guessable = 'is short or a plain word: it can be guessed, and the log shows *** wherever that word stands';

/** Which channels there are; nothing is sent, which is what `notify --test` is for. */
async function describeChannels(config: NotifyConfig, redact: (text: string) => string): Promise<string> {
  await using open = openChannels(config, redact);
  const names = open.channels.map(({ name }) => name);
  if (names.length === 0) return 'none: a failure shows only in the log and in the exit code';
  return `${names.join(', ')}; people are told ${toldWords[config.on]} (notify --test tries them)`;
}

const toldWords = {
  failure: 'of failures',
  recovery: 'of failures and of the first success after one',
  always: 'of every run',
} as const;

async function checkPrograms(
  config: Config,
  searchPath: string,
  signal: AbortSignal,
  check: Check,
  tell: (text: string) => void,
): Promise<void> {
  await check('compression', async () => {
    const { compressionLevel: level } = config.form;
    const stage = await compressStage(config.form, searchPath);
    return stage
      ? `${stage.program}, ${level === 'auto' ? 'as high as earlier backups suggest' : `level ${level}`}`
      : 'none';
  });
  if (config.form.encryption.kind === 'none') {
    tell('warn  encryption: none: whoever can read the bucket can read the data; set AGE_RECIPIENTS\n');
    return;
  }
  await check('encryption', async () => {
    await using encryption = await prepareEncryption(config.form.encryption, searchPath, signal);
    const { kind, recipients } = encryption;
    return recipients.length === 0 ? kind : `${kind} to ${recipients.join(', ')}`;
  });
}

async function checkStore(
  config: Config,
  log: Log,
  signal: AbortSignal,
  check: Check,
  tell: (text: string) => void,
): Promise<void> {
  const { database } = config.source.connection;
  const { store: where } = config;
  if (where.kind === 'directory' && (await isMissing(where.path))) {
    tell(`warn  store: ${where.path} is not there, and the first run will make it; ${wasItMounted}\n`);
  }
  if (where.kind === 's3') tell(`ok    store: ${describeProvider(where)}\n`);
  const store = openStore(where, log);
  // An id of its own: nothing is stored under this key, so asking for it and removing it touches nothing.
  const key = `${backupFolder(database, newBackupId(new Date()))}doctor`;
  try {
    const refused = await check('store: begin and abort an upload', async () => {
      await store.checkWritable(key, signal, tagsOf(config.store, 'daily'));
      return store.location;
    });
    const skip = (what: string, why: string): void => tell(`skip  store: ${what}: ${why}\n`);
    const rest = config.retention === undefined ? [] : ['list', 'delete'];
    // Every further request would wait as long for the same.
    if (refused?.kind === 'store') {
      for (const what of [ask, ...rest]) skip(what, 'not tried, the store failed above');
      return;
    }
    const asked = await Promise.allSettled([store.head(key, signal)]);
    const isDark = asked[0].status === 'rejected' && !(await mayList(store, database, signal));
    if (isDark && refused) {
      for (const what of [ask, ...rest]) skip(what, 'not tried, the store refused the key above');
      return;
    }
    if (isDark) skip(ask, 'cannot be tried: to a key that may not list, what is missing looks forbidden');
    else {
      await check(`store: ${ask}`, () =>
        asked[0].status === 'rejected' ? Promise.reject(toFailure(asked[0].reason)) : Promise.resolve('allowed'),
      );
    }
    if (config.retention === undefined) return;
    await check('store: list', async () => {
      for await (const first of store.list(databaseFolder(database), signal)) return `allowed (${first.key})`;
      return 'allowed (nothing there yet)';
    });
    await check('store: delete', async () => {
      await store.remove(key, signal);
      return 'allowed';
    });
  } finally {
    store.close();
  }
}

const ask = 'ask for an object';

/** False only where the store says no: other trouble is told by whoever asked for an object. */
async function mayList(store: Store, database: string, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const _ of store.list(databaseFolder(database), signal)) return true;
    return true;
  } catch (error) {
    return !(error instanceof Failure && error.kind === 'denied');
  }
}

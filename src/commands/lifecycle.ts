import { databaseFolder } from '../catalog/keys.ts';
import type { ReaderConfig, RetentionPolicy, S3StoreConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import { renderTable } from '../report/table.ts';
import { policyWords } from '../retention/calendar.ts';
import { agesOf, lifecycleRules } from '../retention/lifecycle.ts';
import { areSameRules, describeRule, mergeRules, type Merge, quickerRules } from '../retention/lifecycle-merge.ts';
import { longestInterval } from '../schedule/longest-interval.ts';
import { BucketLifecycle, type LifecycleRule } from '../store/s3/lifecycle.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { openReader, type Reader } from './reader.ts';

const usage = 'lifecycle [--database NAME] [--noncurrent-days N] [--json | --apply]';
const dayMs = 86_400_000;
const defaultNoncurrentDays = 14;

/** Everything that the rules are made from. */
interface Plan {
  readonly policy: RetentionPolicy;
  readonly store: S3StoreConfig;
  readonly intervalMs: number;
  /** From the root of the bucket. */
  readonly prefix: string;
  readonly rules: readonly LifecycleRule[];
}

/**
 * `lifecycle`: shows the rules by which the bucket itself removes what the KEEP_ variables do not keep, for a job without
 * the right to delete; with `--apply` puts them beside the rules that are there, and looks whether they are.
 */
export const lifecycle: Command = {
  summary: 'show, or put, bucket rules that match the KEEP_ variables',
  usage,
  async run(edge) {
    const { values } = readArguments(
      edge.args,
      {
        database: { type: 'string' },
        'noncurrent-days': { type: 'string' },
        json: { type: 'boolean' },
        apply: { type: 'boolean' },
      },
      usage,
      0,
    );
    if (values.json === true && values.apply === true) {
      throw new Failure('usage', '--json shows the rules and --apply puts them', {
        hint: `Usage: pg-offsite ${usage}`,
      });
    }
    const noncurrentDays = readDays(values['noncurrent-days']);
    using reader = openReader(edge);
    const plan = planRules(reader.config, values.database, noncurrentDays);
    if (values.json === true) {
      reader.print(`${JSON.stringify({ Rules: plan.rules }, null, 2)}\n`);
      return 0;
    }
    tellAges(reader, plan);
    if (values.apply === true) await apply(reader, plan, edge.signal);
    else {
      reader.print(plan.rules.map((rule) => `\n${rule.ID ?? ''}\n  ${describeRule(rule)}\n`).join(''));
      reader.print(
        '\nnothing was changed: --apply puts these rules beside those that the bucket has; --json writes them for aws s3api\nput-bucket-lifecycle-configuration, which replaces every rule of the bucket\n',
      );
    }
    return 0;
  },
};

function planRules(config: ReaderConfig, asked: string | undefined, noncurrentDays: number): Plan {
  const { retention: policy, store, schedule, source, backupTimeoutMs } = config;
  if (store.kind !== 's3') {
    throw new Failure('usage', 'a folder has no lifecycle rules', { hint: 'Let prune remove old backups.' });
  }
  if (!policy) {
    throw new Failure('config', 'no KEEP_ variable is set, so nothing would ever expire', {
      hint: 'Set for example KEEP_DAILY=14 KEEP_WEEKLY=9 KEEP_MONTHLY=12.',
    });
  }
  const database = asked ?? source?.database;
  if (database === undefined) {
    throw new Failure('usage', 'nothing says whose backups the rules are about', {
      hint: `Name the database with --database, or set DATABASE_URL. Usage: pg-offsite ${usage}`,
    });
  }
  const intervalMs = schedule ? longestInterval(schedule, new Date()) : dayMs;
  const prefix = (store.prefix === '' ? '' : `${store.prefix}/`) + databaseFolder(database);
  const unfinishedDays = Math.max(3, Math.ceil(backupTimeoutMs / dayMs) + 1);
  const request = { policy, intervalMs, prefix, byTag: store.tags, noncurrentDays, unfinishedDays };
  return { policy, store, intervalMs, prefix, rules: lifecycleRules(request) };
}

function tellAges({ print, config }: Reader, { policy, store, intervalMs, prefix }: Plan): void {
  const ages = agesOf(policy, intervalMs);
  const shown = store.tags ? ages : ages.slice(-1).map((age) => ({ ...age, tier: 'all' }));
  print(`s3://${store.bucket}/${prefix}\n${policyWords(policy)}\n\n`);
  print(
    renderTable(
      [{ title: 'BACKUPS' }, { title: 'GO AFTER', align: 'right' }, { title: 'BECAUSE OF' }],
      shown.map(({ tier, days, because }) => [tier, `${String(days)} days`, because]),
    ),
  );
  print('\n');
  for (const note of notesOn(config, store, ages[0]?.days ?? 0)) print(`note: ${note}\n`);
}

/** What rules of a bucket are not, in whole sentences. */
function notesOn({ schedule }: ReaderConfig, { tags, objectLock }: S3StoreConfig, fewestDays: number): string[] {
  const lockDays = objectLock ? Math.ceil(objectLock.forMs / dayMs) : 0;
  return [
    'rules count days and not backups: if no more backups are made they go on until none is left, KEEP_MINIMUM and the newest proved one included; let check tell you in time',
    tags
      ? 'only what has the tag goes: backups made before S3_TAGS=on stay until prune removes them'
      : 'S3_TAGS is off, so daily backups stay as long as the oldest that is wanted; set S3_TAGS=on where the store takes tags',
    ...(schedule ? [] : ['BACKUP_SCHEDULE is not set: one backup a day is assumed']),
    ...(lockDays > fewestDays
      ? [
          `objects are locked for ${String(lockDays)} days: one that goes before is hidden then, and freed when its lock ends`,
        ]
      : []),
  ];
}

async function apply({ print }: Reader, { store, prefix, rules }: Plan, signal: AbortSignal): Promise<void> {
  using bucket = new BucketLifecycle(store);
  const before = await bucket.read(signal);
  const merge = mergeRules(before.rules, rules, prefix);
  print(`\n${describeMerge(merge)}`);
  const days = Math.min(...rules.flatMap(({ Expiration }) => Expiration?.Days ?? []));
  for (const rule of quickerRules(merge.others, prefix, days)) {
    print(`warning: another rule is quicker than these: ${rule.ID ?? 'without a name'}, ${describeRule(rule)}\n`);
  }
  if (merge.added.length + merge.changed.length + merge.removed.length === 0) {
    print('nothing to change: the bucket has these rules\n');
    return;
  }
  await bucket.write({ ...before, rules: merge.rules }, signal);
  const after = await bucket.read(signal);
  if (!areSameRules(after.rules, merge.rules)) {
    throw new Failure('store', `the lifecycle rules of ${store.bucket} are not those that were put`, {
      hint: `Somebody else may have put others meanwhile. It has now: ${after.rules.map(({ ID }) => ID).join(', ')}.`,
    });
  }
  print(`put and read back: ${store.bucket} has ${String(after.rules.length)} rules\n`);
}

function describeMerge({ added, changed, removed, unchanged, others }: Merge): string {
  const line = (sign: string, rule: LifecycleRule): string => `${sign} ${rule.ID ?? ''}  ${describeRule(rule)}\n`;
  return [
    ...others.map((rule) => line(' ', rule)),
    ...unchanged.map((rule) => line(' ', rule)),
    ...removed.map((rule) => line('-', rule)),
    ...changed.map(({ from, to }) => line('-', from) + line('+', to)),
    ...added.map((rule) => line('+', rule)),
  ].join('');
}

function readDays(text: string | undefined): number {
  if (text === undefined) return defaultNoncurrentDays;
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new Failure('usage', `--noncurrent-days ${text} is no number of days`, {
    hint: 'For example --noncurrent-days 14; with 0 the rules say nothing about versions.',
  });
}

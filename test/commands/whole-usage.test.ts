import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runCommand } from '../../src/commands/commands.ts';
import { temporaryFolder } from '../support/fake-programs.ts';

/* What a command says that was asked in a wrong way: the message and the hint to the last word, and nothing is begun. */

const store = { BACKUP_DESTINATION: `file://${temporaryFolder()}` };
const bucket = { BACKUP_DESTINATION: 's3://backups', KEEP_DAILY: '7', AWS_EC2_METADATA_DISABLED: 'true' };
const target = { ...store, TARGET_DATABASE_URL: 'postgresql://u@127.0.0.1:9/shop' };
const restoreUsage =
  'Usage: pg-offsite restore latest|ID|TIME [--database NAME] [--create | --clean --confirm TARGET] [--globals | --globals-only] [--with-owners] [--no-comments] [--schema NAME]… [--table NAME]… [--schema-only | --data-only] [--leave-out KIND]… [--jobs N|auto] [--scratch DIR]';

const cases: readonly [args: string, env: Record<string, string>, exitCode: number, message: string, hint: string][] = [
  ['restore', target, 64, 'restore needs to know which backup', restoreUsage],
  [
    'restore latest --schema-only --data-only',
    target,
    64,
    '--schema-only and --data-only leave nothing to restore',
    restoreUsage,
  ],
  ['restore latest --globals-only --create', target, 64, '--globals-only goes with --database alone', restoreUsage],
  [
    'restore latest',
    store,
    78,
    'TARGET_DATABASE_URL is not set; it names the database to restore into',
    'Set it, for example TARGET_DATABASE_URL=postgresql://user:password@db.example.com:5432/shop_restored.',
  ],
  [
    'restore latest --clean',
    target,
    73,
    '--clean drops what the dump holds from the database shop',
    'If that is what you want, add --confirm shop.',
  ],
  ['notify', store, 64, 'notify sends nothing by itself', 'Usage: pg-offsite notify --test'],
  [
    'verify --all',
    store,
    64,
    `${store.BACKUP_DESTINATION} holds no complete backup`,
    'See list --all for what is there.',
  ],
  [
    'check --max-age soon',
    store,
    64,
    '--max-age soon is not a duration: write a number followed by s, m, h or d',
    'For example --max-age 26h.',
  ],
  [
    'check --grace soon',
    { ...store, BACKUP_SCHEDULE: '@daily' },
    64,
    '--grace soon is not a duration: write a number followed by s, m, h or d',
    'For example --grace 1h.',
  ],
  [
    'check --max-age 1h',
    store,
    79,
    `no fresh backup of any database in ${store.BACKUP_DESTINATION}`,
    "Nothing is stored under this prefix; is it the job's, and the name of the database right?",
  ],
  [
    'lifecycle --json --apply',
    bucket,
    64,
    '--json shows the rules and --apply puts them',
    'Usage: pg-offsite lifecycle [--database NAME] [--noncurrent-days N] [--json | --apply]',
  ],
  [
    'lifecycle --database shop',
    { ...bucket, KEEP_DAILY: '' },
    78,
    'no KEEP_ variable is set, so nothing would ever expire',
    'Set for example KEEP_DAILY=14 KEEP_WEEKLY=9 KEEP_MONTHLY=12.',
  ],
  [
    'report --fleet --database shop --out report.html',
    store,
    64,
    '--fleet is about all members',
    'For one of them set BACKUP_DESTINATION to its folder, and leave --fleet out.',
  ],
  [
    'verify latest --all',
    store,
    64,
    'verify takes one backup, or --all, or --sample',
    'Usage: pg-offsite verify [latest|ID|TIME | --all | --sample 10%] [--json] [--database NAME]',
  ],
  [
    'lifecycle',
    bucket,
    64,
    'nothing says whose backups the rules are about',
    'Name the database with --database, or set DATABASE_URL. Usage: pg-offsite lifecycle [--database NAME] [--noncurrent-days N] [--json | --apply]',
  ],
  [
    'lifecycle --database shop --noncurrent-days some',
    bucket,
    64,
    '--noncurrent-days some is no number of days',
    'For example --noncurrent-days 14; with 0 the rules say nothing about versions.',
  ],
  [
    'list --json extra',
    store,
    64,
    'unexpected argument extra',
    'Usage: pg-offsite list [--json] [--last N | --all] [--database NAME]',
  ],
  ['list --last 0', store, 64, '--last 0 is no number of backups', 'Write it like --last 30.'],
  [
    'list --last 3 --all',
    store,
    64,
    '--last leaves out what --all would show',
    'Usage: pg-offsite list [--json] [--last N | --all] [--database NAME]',
  ],
  [
    'prune --quickly',
    store,
    64,
    "unknown option '--quickly'",
    'Usage: pg-offsite prune [--dry-run] [--yes] [--database NAME | --all] [--json]',
  ],
];

describe('a command that was asked in a wrong way', () => {
  for (const [args, env, exitCode, message, hint] of cases) {
    test(args, async () => {
      const output = { write: () => true };
      const { signal } = new AbortController();
      const edge = { args: args.split(' '), env, self: [], signal, stdout: output, stderr: output, runId: 'here' };
      await assert.rejects(runCommand(edge), { exitCode, message, hint });
    });
  }
});

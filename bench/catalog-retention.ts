import { pino } from 'pino';
import { duration } from '../src/config/kinds.ts';
import { pruneAfterBackup } from '../src/retention/after-backup.ts';
import { openStore } from '../src/store/open.ts';
import { s3Config } from '../test/store/scripted.ts';

/*
 * What a backup run does last, alone: `catalog-retention.ts DATABASE KEEP_WITHIN` with the store in S3_ENDPOINT.
 */
const [database = '', keepWithin = ''] = process.argv.slice(2);
const log = pino({ level: 'info' }, pino.destination(2));
const patience = { requestTimeoutMs: 60_000, retryForMs: 60_000 };
const store = openStore(s3Config(process.env['S3_ENDPOINT'] ?? '', patience), log);
const withinMs = duration(1, undefined, Number.POSITIVE_INFINITY).parse(keepWithin);
const none = { last: undefined, daily: undefined, weekly: undefined, monthly: undefined, yearly: undefined };
const { pruned, warnings } = await pruneAfterBackup({
  store,
  database,
  madeNow: '',
  policy: { ...none, withinMs, minimum: 3, timeZone: 'UTC' },
  backupTimeoutMs: 6 * 3_600_000,
  log,
  signal: new AbortController().signal,
});
store.close();
if (pruned?.removed !== 1) throw new Error(`one was to go: ${JSON.stringify({ pruned, warnings })}`);

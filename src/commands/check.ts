import { type Catalog, type Entry, listCatalog } from '../catalog/entries.ts';
import { parseKey } from '../catalog/keys.ts';
import { listNewest } from '../catalog/newest.ts';
import { namedDatabases } from '../config/databases.ts';
import { duration } from '../config/kinds.ts';
import { Failure } from '../errors.ts';
import { type Checked, checkDatabase, isAhead } from '../schedule/check.ts';
import type { Store } from '../store/store.ts';
import { readArguments } from './arguments.ts';
import { asJson, asLine } from './checked.ts';
import type { Command } from './command.ts';
import { checkFleet } from './fleet/check.ts';
import { openReader, type Reader } from './reader.ts';
import { telling } from './telling.ts';

const usage = 'check [--proved] [--max-age 26h | --grace 1h] [--database NAME]... [--fleet] [--json]';

/** `check`: is the newest backup of every database as fresh as the schedule, or `--max-age`, demands? For a monitor. */
export const check: Command = {
  summary: 'fail when backups are too old, for a monitor',
  usage,
  run: telling('check', async (edge, notes) => {
    const { values } = readArguments(
      edge.args,
      {
        proved: { type: 'boolean' },
        'max-age': { type: 'string' },
        grace: { type: 'string' },
        database: { type: 'string', multiple: true },
        fleet: { type: 'boolean' },
        json: { type: 'boolean' },
      },
      usage,
      0,
    );
    const maxAgeMs = readDuration('--max-age', values['max-age'], 1000, '26h');
    const graceMs = readDuration('--grace', values.grace, 0, '1h');
    if (maxAgeMs !== undefined && graceMs !== undefined) {
      throw new Failure('usage', '--grace belongs to the schedule, and --max-age takes its place', {
        hint: `Keep one of them. Usage: pg-offsite ${usage}`,
      });
    }
    if (values.fleet === true) {
      const { proved = false, json = false, database = [] } = values;
      return checkFleet(edge, notes, { proved, json, members: database, maxAgeMs, graceMs });
    }
    using reader = openReader(edge);
    const { store, config, print, log } = reader;
    if (maxAgeMs === undefined && config.schedule === undefined) {
      throw new Failure('config', 'nothing says how fresh backups have to be', {
        hint: 'Set BACKUP_SCHEDULE to when backups are made, for example BACKUP_SCHEDULE="0 3 * * *", or give --max-age 26h.',
      });
    }
    const proved = values.proved === true;
    const { catalog, databases, objects } = await look(reader, values.database, proved, edge.signal);
    notes.database = databases.length === 1 ? databases[0] : undefined;
    const request = {
      store,
      proved,
      schedule: config.schedule,
      maxAgeMs,
      graceMs,
      now: new Date(),
      signal: edge.signal,
    };
    const checked: Checked[] = [];
    for (const database of databases) checked.push(await checkDatabase(database, catalog.entries, request));
    const late = databases.length === 0 ? ['any database'] : checked.flatMap((one) => (one.fresh ? [] : one.database));
    if (values.json === true) {
      const fresh = late.length === 0;
      print(`${JSON.stringify({ fresh, location: store.location, objects, databases: checked.map(asJson) })}\n`);
    } else print(checked.map((one) => asLine(one, maxAgeMs, request.now)).join(''));
    log.info(`listed ${objects.toLocaleString('en-US')} objects of ${store.location}`);
    if (late.length === 0) return 0;
    throw new Failure(
      'stale',
      `no fresh ${proved ? 'and proved ' : ''}backup of ${late.join(', ')} in ${store.location}`,
      { hint: whatToDo(checked, catalog, objects) },
    );
  }),
};

/** What was listed for a check. */
interface Look {
  readonly catalog: Catalog;
  readonly databases: string[];
  readonly objects: number;
}

/** Lists what is needed; the database that is backed up here must be there, whether or not anything of it is. */
async function look(
  { store, config }: Reader,
  asked: readonly string[] | undefined,
  proved: boolean,
  signal: AbortSignal,
): Promise<Look> {
  const wanted = asked === undefined ? [undefined] : [...new Set(asked)].sort();
  const parts: (Catalog & { objects: number })[] = [];
  for (const database of wanted) parts.push(await listFor(store, database, proved, signal));
  const catalog = {
    entries: parts.flatMap(({ entries }) => entries),
    foreign: parts.flatMap(({ foreign }) => foreign),
  };
  const names = new Set(asked ?? catalog.entries.map(({ database }) => database));
  if (asked === undefined) for (const name of namedDatabases(config)) names.add(name);
  return { catalog, databases: [...names].sort(), objects: parts.reduce((sum, { objects }) => sum + objects, 0) };
}

/** The newest backups suffice, unless there are none or a drill of any of them may be the newest proof. */
async function listFor(
  store: Store,
  database: string | undefined,
  proved: boolean,
  signal: AbortSignal,
): Promise<Catalog & { objects: number }> {
  const now = new Date();
  if (!proved) {
    const isEnough = (own: readonly Entry[]): boolean => own.some((entry) => entry.complete && !isAhead(entry.id, now));
    const newest = await listNewest({ store, database, isEnough, now, signal });
    if (newest.entries.some(({ complete }) => complete)) return { ...newest, foreign: [] };
  }
  const catalog = await listCatalog(store, database, signal);
  return {
    ...catalog,
    objects: catalog.entries.reduce((sum, one) => sum + one.objects.length, catalog.foreign.length),
  };
}

/** A place that was mistyped looks like a job that never ran. */
function whatToDo(checked: readonly Checked[], { entries, foreign }: Catalog, objects: number): string {
  if (objects === 0) return "Nothing is stored under this prefix; is it the job's, and the name of the database right?";
  if (entries.length === 0 && foreign.some(isOfMember)) {
    return 'These seem to be the folders of a fleet: set FLEET_FILE to the file that names its members, and use check --fleet.';
  }
  const others = [...new Set(entries.filter(({ complete }) => complete).map(({ database }) => database))];
  const hint = 'Look at the log of the job that makes the backups, and whether its platform still starts it.';
  const isNone = checked.some(({ newest, database }) => newest === undefined && !others.includes(database));
  return isNone && others.length > 0 ? `${hint} There are backups of ${others.join(', ')}.` : hint;
}

/** Whether a key would be one of a backup, were it not a folder deeper. */
function isOfMember(key: string): boolean {
  return parseKey(key.slice(key.indexOf('/') + 1)) !== undefined;
}

function readDuration(option: string, text: string | undefined, minMs: number, example: string): number | undefined {
  if (text === undefined) return undefined;
  try {
    return duration(minMs, undefined, Number.POSITIVE_INFINITY).parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('usage', `${option} ${text} ${why}`, { hint: `For example ${option} ${example}.`, cause });
  }
}

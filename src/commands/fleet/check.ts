import { listCatalog } from '../../catalog/entries.ts';
import { Failure } from '../../errors.ts';
import type { FleetMember } from '../../fleet/file.ts';
import { eachFolder } from '../../fleet/listing.ts';
import { type Checked, checkDatabase } from '../../schedule/check.ts';
import { asJson, asLine } from '../checked.ts';
import type { Edge } from '../command.ts';
import type { Notes } from '../telling.ts';
import { type FleetReader, labelOf, openFleetReader } from './reader.ts';

/** Members whose newest manifests are read at once. */
const atOnce = 16;

/** What `check --fleet` was asked. */
export interface FleetCheck {
  readonly proved: boolean;
  readonly json: boolean;
  /** Only these; all where empty. */
  readonly members: readonly string[];
  readonly maxAgeMs: number | undefined;
  readonly graceMs: number | undefined;
}

/** `check --fleet`: the newest backup of every database of every member, each by its own schedule. One listing. */
export async function checkFleet(edge: Edge, notes: Notes, asked: FleetCheck): Promise<number> {
  using reader = openFleetReader(edge);
  const { store, log, print } = reader;
  const now = new Date();
  notes.database = undefined;
  const members = membersAsked(reader, asked);
  const checked: Checked[] = [];
  const others: string[] = [];
  const left = new Map(members.map((member) => [member.name, member]));
  await eachFolder(store, edge.signal, atOnce, async ({ name, objects }) => {
    const member = left.get(name);
    left.delete(name);
    if (!member) {
      others.push(name);
      return;
    }
    const below = reader.storeOf(name, objects);
    const { entries } = await listCatalog(below, undefined, edge.signal);
    const databases = [...new Set(entries.map(({ database }) => database))];
    if (databases.length === 0) checked.push(without(name));
    const { schedule } = reader.fleet.configOf(member).run;
    const request = { ...asked, store: below, schedule, now, signal: edge.signal };
    for (const database of databases) {
      checked.push({ ...(await checkDatabase(database, entries, request)), database: labelOf(name, database) });
    }
  });
  checked.push(...[...left.keys()].map(without));
  checked.sort((a, b) => Number(a.fresh) - Number(b.fresh) || (a.database < b.database ? -1 : 1));
  const late = checked.filter(({ fresh }) => !fresh).map(({ database }) => database);
  if (asked.json) {
    print(
      `${JSON.stringify({ fresh: late.length === 0, location: store.location, databases: checked.map(asJson) })}\n`,
    );
  } else print(checked.map((one) => asLine(one, asked.maxAgeMs, now)).join(''));
  if (asked.members.length === 0 && others.length > 0) {
    log.info(`of no member and not looked at: ${some(others.sort())} in ${store.location}`);
  }
  log.info(`${checked.length - late.length} of ${checked.length} databases of ${members.length} members are fresh`);
  notes.parts = checked.map(({ database, fresh, reasons }) => ({
    name: database,
    exitCode: fresh ? 0 : 79,
    ...(!fresh && { error: reasons.join(', ') }),
  }));
  if (late.length === 0) return 0;
  const which = asked.proved ? 'fresh and proved' : 'fresh';
  throw new Failure('stale', `no ${which} backup of ${late.length} of ${checked.length} databases: ${some(late)}`, {
    hint: 'Look at the log of the job that makes the backups, and whether its platform still starts it.',
  });
}

/** The members that are asked for, each with something to judge it by. */
function membersAsked({ fleet }: FleetReader, asked: FleetCheck): readonly FleetMember[] {
  const known = new Set(fleet.members.map(({ name }) => name));
  const unknown = asked.members.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new Failure('usage', `no member of the fleet: ${unknown.join(', ')}`, {
      hint: 'With --fleet, --database takes names of members.',
    });
  }
  const members = fleet.members.filter(({ name }) => asked.members.length === 0 || asked.members.includes(name));
  const unjudged = asked.maxAgeMs === undefined ? members.filter((one) => !fleet.configOf(one).run.schedule) : [];
  if (unjudged.length > 0) {
    throw new Failure(
      'config',
      `nothing says how fresh backups have to be of ${some(unjudged.map(({ name }) => name))}`,
      {
        hint: 'Set BACKUP_SCHEDULE to when the fleet is backed up, for example BACKUP_SCHEDULE="0 3 * * *", or give --max-age 26h.',
      },
    );
  }
  return members;
}

function without(member: string): Checked {
  return {
    database: member,
    fresh: false,
    reasons: ['no complete backup'],
    notes: [],
    newest: undefined,
    proof: undefined,
  };
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}

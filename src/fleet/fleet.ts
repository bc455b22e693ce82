import { dirname, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { type Environment, readValues } from '../config/environment.ts';
import { Findings } from '../config/findings.ts';
import { readConfig } from '../config/read.ts';
import { Failure } from '../errors.ts';
import { type FleetFile, type FleetMember, parseFleetFile, type Settings } from './file.ts';
import { memberPlace, memberUrl, readFleetText, urlNamesOf } from './member.ts';
import { readPlace, type Place } from './place.ts';
import { checkNames, commonEnvironment, withSettings } from './settings.ts';

/** Many databases, and the part of them that is this process's. */
export interface Fleet extends Place {
  /** In the order of the file. */
  readonly members: readonly FleetMember[];
  /** Of the process itself. Its source stands for no database: every member has its own. */
  readonly config: Config;
  /** How a member's own process is configured; its source may be another one than that of its URL. */
  readonly configOf: (member: FleetMember) => Config;
  /**
   * The whole environment of a member's own process.
   * @throws {Failure} `config` where its URL is not there: the variable is not set, the file cannot be read.
   */
  readonly environmentOf: (member: FleetMember) => Record<string, string | undefined>;
}

/** Stands where a member's own URL will; names no database of anybody's. */
const placeholder = 'postgresql://fleet@localhost/fleet';

/**
 * Reads the environment and the fleet file that it names, and checks the settings of every member. Contacts nothing, and
 * reads no member's URL from where it is kept.
 * @throws {Failure} `config` listing every problem, each with its member and field, without any secret.
 */
export function readFleet(env: Environment): Fleet {
  const findings = new Findings();
  // What is wrong with a value is told below, with all the rest.
  const { values, nameOf, isSet } = readValues(env, new Findings());
  const path = values.FLEET_FILE ?? '';
  const text = readFleetText(path, findings);
  const file = text === undefined ? undefined : parseFleetFile(text, path, findings);
  if (isSet('DATABASE_URL')) {
    findings.problem(
      `FLEET_FILE and ${nameOf('DATABASE_URL')} are both set; a database of its own is a member like others`,
    );
  }
  const place = readPlace(values, env, nameOf, findings);
  const urlNames = file === undefined ? new Set<string>() : urlNamesOf(file);
  const common = commonEnvironment(env, urlNames);
  const outer = { ...env, ...blank(urlNames), ...blank(['DATABASE_URL_FILE']), DATABASE_URL: placeholder };
  const config = tryRead(outer, findings);
  const check = new SettingsCheck(common, findings.problems);
  if (file) check.all(file, path, findings);
  findings.throwIfAny();
  if (file === undefined || config === undefined) throw new Error('a fleet failed without a problem');
  const folder = dirname(resolve(path));
  return {
    ...place,
    members: file.members,
    config: { ...config, warnings: [...findings.warnings] },
    configOf: (member) => {
      const read = check.read({ ...file.defaults, ...member.set });
      if (read.config === undefined) throw new Error('a member failed without a problem');
      return read.config;
    },
    environmentOf: (member) => ({
      ...withSettings(common, { ...file.defaults, ...member.set, ...memberPlace(member.name, values) }),
      ...memberUrl(member, env, folder),
    }),
  };
}

interface ReadSettings {
  readonly config: Config | undefined;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Checks settings; the same ones, as most members have, only once. */
class SettingsCheck {
  readonly #common: Environment;
  readonly #known: ReadonlySet<string>;
  readonly #read = new Map<string, ReadSettings>();

  /** @param known problems of the environment itself, which are no member's. */
  constructor(common: Environment, known: readonly string[]) {
    this.#common = common;
    this.#known = new Set(known);
  }

  read(settings: Settings): ReadSettings {
    const key = JSON.stringify(Object.entries(settings).sort());
    const found = this.#read.get(key);
    if (found) return found;
    const findings = new Findings();
    const config = tryRead({ ...withSettings(this.#common, settings), DATABASE_URL: placeholder }, findings);
    const read = { config, problems: findings.problems, warnings: findings.warnings };
    this.#read.set(key, read);
    return read;
  }

  all({ defaults, members, describe }: FleetFile, path: string, findings: Findings): void {
    checkNames(defaults, `${path}: defaults`, findings);
    const ofDefaults = this.read(defaults);
    for (const problem of ofDefaults.problems) {
      if (!this.#known.has(problem)) findings.problem(`${path}: defaults: ${problem}`);
    }
    const ofAll = new Set([...this.#known, ...ofDefaults.problems]);
    for (const member of members) {
      if (Object.keys(member.set).length === 0) continue;
      const before = findings.problems.length;
      checkNames(member.set, describe(member), findings);
      if (findings.problems.length > before) continue;
      for (const problem of this.read({ ...defaults, ...member.set }).problems) {
        if (!ofAll.has(problem)) findings.problem(`${describe(member)}: ${problem}`);
      }
    }
  }
}

/** The configuration, or its problems among the findings. */
function tryRead(env: Environment, findings: Findings): Config | undefined {
  try {
    return readConfig(env, findings);
  } catch (error) {
    if (error instanceof Failure && error.kind === 'config') return undefined;
    throw error;
  }
}

function blank(names: Iterable<string>): Record<string, undefined> {
  return Object.fromEntries([...names].map((name) => [name, undefined]));
}

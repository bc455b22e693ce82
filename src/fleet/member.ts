import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Environment, readableByUs, readValues } from '../config/environment.ts';
import { Findings } from '../config/findings.ts';
import type { Values } from '../config/variables.ts';
import { Failure } from '../errors.ts';
import { type FleetFile, type FleetMember, parseFleetFile, type Settings } from './file.ts';
import { looksEnvironment, withSettings } from './settings.ts';

/** The text of the file that `FLEET_FILE` names; undefined after a problem. */
export function readFleetText(path: string, findings: Findings): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    const advice = code === 'EACCES' ? `; ${readableByUs}` : ', for example FLEET_FILE=/etc/pg-offsite/fleet.yaml';
    findings.problem(`FLEET_FILE names a file that cannot be read (${code})${advice}`);
    return undefined;
  }
}

/**
 * The variable that tells a member's own process where its database is. It takes the place of what its name had: as in
 * a shell, an empty variable counts as unset.
 * @param folder that of the fleet file.
 * @throws {Failure} `config` where the URL is not there.
 */
export function memberUrl({ name, source }: FleetMember, env: Environment, folder: string): Record<string, string> {
  if (source.kind === 'url') return { DATABASE_URL: source.url.reveal() };
  if (source.kind === 'file') return { DATABASE_URL_FILE: readable(name, resolve(folder, source.path)) };
  const url = env[source.name];
  if (url !== undefined && url.trim() !== '') return { DATABASE_URL: url };
  throw new Failure('config', `${source.name} is not set, which is to hold the URL of ${name}`, {
    hint: 'Set it where this process is started, or correct urlEnv in the fleet file.',
  });
}

function readable(member: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = codeOf(cause);
    throw new Failure('config', `the urlFile of ${member}, ${path}, cannot be read (${code})`, {
      hint:
        code === 'EACCES'
          ? `${readableByUs.charAt(0).toUpperCase()}${readableByUs.slice(1)}.`
          : 'Write the URL of its database into that file, or correct urlFile in the fleet file.',
      cause,
    });
  }
  if (text.trim() !== '') return path;
  throw new Failure('config', `the urlFile of ${member}, ${path}, is empty`, {
    hint: 'Write the URL of its database into that file.',
  });
}

/** Where a member's backups are: every member has its own folder in the one store. */
export function memberPlace(name: string, { BACKUP_DESTINATION, S3_PREFIX }: Values): Settings {
  if (BACKUP_DESTINATION !== undefined) {
    return { BACKUP_DESTINATION: `${BACKUP_DESTINATION.replace(/\/+$/, '')}/${name}` };
  }
  return { S3_PREFIX: [...(S3_PREFIX ?? '').split('/').filter((part) => part !== ''), name].join('/') };
}

/** One look at a fleet from outside: only what is needed to go to a member, without what only a backup needs. */
export interface FleetLook {
  /** In the order of the file. */
  readonly names: readonly string[];
  /** Whether the store that is configured is a member's own folder, by its last name. */
  readonly isAtMember: boolean;
  /** What leads to the folder of the member that is put for `NAME`, as variables. */
  readonly placeOf: (name: string) => Settings;
  /**
   * The environment in which a command reads the backups of one member: its place and settings, and its URL where that
   * is there.
   * @throws {Failure} `usage` where there is no such member.
   */
  readonly environmentOf: (name: string) => Record<string, string | undefined>;
}

/**
 * Reads the fleet file that the environment names.
 * @throws {Failure} `config` listing every problem of the file.
 */
export function lookAtFleet(env: Environment): FleetLook {
  const findings = new Findings();
  const { values } = readValues(env, new Findings());
  const path = values.FLEET_FILE ?? '';
  const text = readFleetText(path, findings);
  const file = text === undefined ? undefined : parseFleetFile(text, path, findings);
  findings.throwIfAny();
  if (file === undefined) throw new Error('a fleet failed without a problem');
  const names = file.members.map(({ name }) => name);
  const last = (values.BACKUP_DESTINATION ?? values.S3_PREFIX ?? '').replace(/\/+$/, '').split('/').at(-1) ?? '';
  return {
    names,
    isAtMember: names.includes(last),
    placeOf: (name) => memberPlace(name, values),
    environmentOf: (name) => {
      const member = file.members.find((one) => one.name === name);
      if (!member) {
        throw new Failure('usage', `no member of the fleet: ${name}`, { hint: `Its members are ${someNames(names)}.` });
      }
      const place = memberPlace(name, values);
      const environment = withSettings(looksEnvironment(env, urlNamesOf(file)), {
        ...file.defaults,
        ...member.set,
        ...place,
      });
      return { ...environment, ...urlIfThere(member, env, dirname(resolve(path))) };
    },
  };
}

/** Names of the variables that hold the URLs of members. */
export function urlNamesOf({ members }: FleetFile): ReadonlySet<string> {
  return new Set(members.flatMap(({ source }) => (source.kind === 'env' ? [source.name] : [])));
}

/** The first few. */
export function someNames(names: readonly string[]): string {
  return names.length > 10 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ');
}

/** Backups are read without their database, too: it may be gone. */
function urlIfThere(member: FleetMember, env: Environment, folder: string): Record<string, string> {
  try {
    return memberUrl(member, env, folder);
  } catch (error) {
    if (error instanceof Failure) return {};
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

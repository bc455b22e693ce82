import { type Environment, knownNames } from '../config/environment.ts';
import type { Findings } from '../config/findings.ts';
import { likenessOf } from '../config/near-name.ts';
import { libpqVariables } from '../config/url-parameters.ts';
import { mayComeFromFile, namesOf } from '../config/variable.ts';
import { variableGroups, type VariableName, variables } from '../config/variables.ts';
import type { Settings } from './file.ts';

const known = knownNames();
const libpqNames: ReadonlySet<string> = new Set(Object.values(libpqVariables));

/** What is told of all members at once, and so not by them; but their own page and switch they may have. */
const told = (Object.keys(variableGroups.telling) as VariableName[]).filter(
  (name) => !['HEALTHCHECK_URL', 'REPORT', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].includes(name),
);

/** Why a member cannot have its own of these. */
const refused = new Map<VariableName, string>([
  ...(Object.keys(variableGroups.fleet) as VariableName[]).map(
    (name) => [name, 'belongs to the process that backs up the fleet'] as const,
  ),
  ...told.map((name) => [name, 'has no effect for a member: one message tells of all of them'] as const),
  ...(
    [
      ...['BACKUP_DESTINATION', 'S3_BUCKET', 'S3_PREFIX', 'S3_ENDPOINT', 'S3_REGION', 'S3_FORCE_PATH_STYLE'],
      ...['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_SESSION_TOKEN'],
      ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
    ] as VariableName[]
  ).map(
    (name) => [name, 'is the same for all members: a fleet is kept in one store, each member below its name'] as const,
  ),
  ['DATABASE_URL', 'is what url, urlEnv and urlFile are for'],
  ['LOG_FORMAT', 'is that of the process'],
]);

/**
 * Tells what may not be set for a member.
 * @param where what the problems begin with: a member, or the defaults.
 */
export function checkNames(settings: Settings, where: string, findings: Findings): void {
  for (const name of Object.keys(settings)) {
    const meaning = known.get(name);
    if (meaning === undefined) {
      if (libpqNames.has(name)) continue;
      const meant = likenessOf(name, known)?.meant;
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      const shown = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : 'a name';
      findings.problem(`${where} sets ${shown}, which is no variable of this program${hint}`);
      continue;
    }
    const why = refused.get(meaning);
    // Whoever knows the URL of a switch can flip it, and no more.
    const isSecret = variables[meaning].secret === true && !name.endsWith('_FILE') && meaning !== 'HEALTHCHECK_URL';
    if (why !== undefined) findings.problem(`${where} sets ${name}, which ${why}`);
    else if (isSecret) {
      findings.problem(
        `${where} sets ${name}, which is secret and has no place in this file; set ${meaning}_FILE to the path of a file that holds it`,
      );
    }
  }
}

/** An environment with some settings in place of whatever it has of the same variables, under any of their names. */
export function withSettings(env: Environment, settings: Settings): Record<string, string | undefined> {
  const changed: Record<string, string | undefined> = { ...env };
  for (const name of Object.keys(settings)) {
    const meaning = known.get(name);
    if (meaning !== undefined) forget(changed, meaning);
  }
  return Object.assign(changed, settings);
}

/** What a member's own process gets of our environment: nothing that is about the fleet, another member or messages. */
export function commonEnvironment(env: Environment, urlNames: ReadonlySet<string>): Record<string, string | undefined> {
  const common: Record<string, string | undefined> = { ...env };
  for (const name of urlNames) if (!known.has(name)) common[name] = undefined;
  const ours = [...(Object.keys(variableGroups.fleet) as VariableName[]), ...told];
  for (const name of [...ours, 'DATABASE_URL', 'HEALTHCHECK_URL'] as const) forget(common, name);
  // A folder is no place for messages: nothing is written there.
  return { ...common, TERMINATION_LOG: '/', TERM: 'dumb' };
}

/** What a command that reads a member's backups gets: people are told by it as by any other. */
export function looksEnvironment(env: Environment, urlNames: ReadonlySet<string>): Record<string, string | undefined> {
  const changed: Record<string, string | undefined> = { ...env };
  for (const name of urlNames) if (!known.has(name)) changed[name] = undefined;
  for (const name of Object.keys(variableGroups.fleet) as VariableName[]) forget(changed, name);
  forget(changed, 'DATABASE_URL');
  return changed;
}

function forget(env: Record<string, string | undefined>, meaning: VariableName): void {
  for (const name of namesOf(meaning, variables[meaning])) {
    env[name] = undefined;
    if (mayComeFromFile(variables[meaning])) env[`${name}_FILE`] = undefined;
  }
}

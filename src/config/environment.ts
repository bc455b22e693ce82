import { readFileSync } from 'node:fs';
import { customCleanEnv } from 'envalid';
import type { Findings } from './findings.ts';
import { Secret } from './secret.ts';
import { mayComeFromFile, namesOf } from './variable.ts';
import { type VariableName, type Values, variableNames, variables } from './variables.ts';

/** The process environment, as main.ts hands it on. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting {
  /** The name that the user wrote. */
  readonly name: string;
  readonly value: string;
}

/** The values of all variables, and the names under which the user set them. */
export interface ReadValues {
  readonly values: Values;
  /** The name that the user wrote, for messages; the documented name where the variable is not set. */
  readonly nameOf: (name: VariableName) => string;
  /** True where the user set the variable, even to a bad value. */
  readonly isSet: (name: VariableName) => boolean;
}

/** Reads every variable, from itself, its other names or its file. A bad value is a problem and counts as the default. */
export function readValues(env: Environment, findings: Findings): ReadValues {
  const settings = new Map<VariableName, Setting>();
  for (const name of variableNames) {
    const setting = findSetting(name, env, findings);
    if (setting === undefined) continue;
    settings.set(name, setting);
    if (variables[name].secret === true) findings.secret(new Secret(setting.value.trim()));
  }
  const raw = Object.fromEntries([...settings].map(([name, { value }]) => [name, value]));
  const specs = Object.fromEntries(variableNames.map((name) => [name, variables[name].spec]));
  const cleaned = customCleanEnv(raw, specs, (parsed): Record<string, unknown> => parsed, {
    reporter: ({ errors }) => {
      for (const name of variableNames) {
        const error = errors[name];
        const setting = settings.get(name);
        if (error !== undefined && setting !== undefined) findings.problem(describe(name, setting, error.message));
      }
    },
  });
  const values = Object.fromEntries(variableNames.map((name) => [name, cleaned[name] ?? variables[name].fallback]));
  return {
    values: values as unknown as Values,
    nameOf: (name) => settings.get(name)?.name ?? name,
    isSet: (name) => settings.has(name),
  };
}

function findSetting(name: VariableName, env: Environment, findings: Findings): Setting | undefined {
  const variable = variables[name];
  const own = [name, ...(variable.aliases ?? [])]
    .map((alias) => readOne(alias, name, env, findings))
    .filter((setting) => setting !== undefined);
  const [first, ...others] = own;
  const other = others.find((setting) => setting.value.trim() !== first?.value.trim());
  if (first !== undefined && other !== undefined) {
    findings.problem(`${first.name} and ${other.name} mean the same but have different values; set only ${first.name}`);
  }
  if (first !== undefined) return first;
  for (const fallback of variable.fallbacks ?? []) {
    const setting = readOne(fallback, name, env, findings);
    if (setting !== undefined) return setting;
  }
  return undefined;
}

function readOne(alias: string, name: VariableName, env: Environment, findings: Findings): Setting | undefined {
  const plain = env[alias];
  const value = isUnset(plain) || isServiceLink(alias, plain) ? undefined : plain;
  const fileName = `${alias}_FILE`;
  const file = env[fileName];
  if (!mayComeFromFile(variables[name]) || isUnset(file))
    return value === undefined ? undefined : { name: alias, value };
  if (value !== undefined) {
    findings.problem(`${alias} and ${fileName} are both set; keep one of them`);
    return { name: alias, value };
  }
  const content = readSecretFile(fileName, file.trim(), findings);
  return content === undefined ? undefined : { name: fileName, value: content };
}

/** What to do about a file that cannot be read for want of rights (EACCES). */
export const readableByUs =
  'the image runs as user 10001: chown 10001 that file, and chmod 0400 it (in Kubernetes: fsGroup: 10001 for the pod)';

function readSecretFile(name: string, path: string, findings: Findings): string | undefined {
  let content: string;
  try {
    content = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const advice =
      code === 'EACCES'
        ? readableByUs
        : `it must be the path of a file with the value in it, for example ${name}=/run/secrets/${name.toLowerCase()}`;
    findings.problem(`${name} names a file that cannot be read (${code}); ${advice}`);
    return undefined;
  }
  if (content.trim() === '') findings.problem(`${name} names a file that is empty; write the value into it`);
  return content.trim() === '' ? undefined : content;
}

function isUnset(value: string | undefined): value is undefined | '' {
  return value === undefined || value.trim() === '';
}

/** Kubernetes gives every pod `POSTGRES_PORT=tcp://10.0.0.1:5432` for a service that is named postgres. */
function isServiceLink(name: string, value: string): boolean {
  return name.endsWith('_PORT') && value.startsWith('tcp://');
}

function describe(name: VariableName, setting: Setting, message: string): string {
  const { secret, example } = variables[name];
  const shown =
    secret === true || setting.name.endsWith('_FILE') ? setting.name : `${setting.name}=${quote(setting.value)}`;
  const quoted = /^(["']).*\1$/s.test(setting.value.trim())
    ? ' (the quotes are part of the value: an env file does not need them)'
    : '';
  return `${shown} ${message}${quoted}, for example ${name}=${example}`;
}

/**
 * A value for a message: in quotes, and cut when it is long. Not for secrets; what looks like one that was put into the
 * wrong variable (a URL with a password, a private key) is masked.
 */
export function quote(value: string): string {
  if (/@|PRIVATE|SECRET/i.test(value)) return '"***"';
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
}

/** Every name that this version reads, with the forms for files. */
export function knownNames(): Map<string, VariableName> {
  const known = new Map<string, VariableName>();
  for (const name of variableNames) {
    for (const alias of namesOf(name, variables[name])) {
      known.set(alias, name);
      if (mayComeFromFile(variables[name])) known.set(`${alias}_FILE`, name);
    }
  }
  return known;
}

import type { Environment } from './environment.ts';
import type { Findings } from './findings.ts';
import { isOff, isOn } from './switch.ts';

/** Switches of other tools for every database of the server; aliases of `DATABASES`. */
const allSwitches = ['POSTGRES_BACKUP_ALL', 'BACKUP_ALL', 'POSTGRES_CLUSTER'] as const;

/**
 * What other tools write for several databases, in this program's words: changes to the environment. A list in the
 * variable of the one database becomes `DATABASES`, and so does `POSTGRES_DATABASE=all`.
 */
export function databasesInOurForm(env: Environment, findings: Findings): Record<string, string | undefined> {
  const changes: Record<string, string | undefined> = {};
  let isAll = false;
  for (const name of allSwitches) {
    const value = valueOf(env, name);
    if (value === undefined) continue;
    if (isOn(value)) isAll = true;
    else if (!isOff(value)) findings.problem(`${name} is neither true nor false; set DATABASES=* for all databases`);
    changes[name] = isOn(value) ? '*' : undefined;
  }
  const asked = isAll || valueOf(env, 'DATABASES') !== undefined;
  for (const [name, separator] of [
    ['POSTGRES_DATABASE', /\s*,\s*/],
    ['POSTGRES_DB', /[\s,]+/],
  ] as const) {
    const value = valueOf(env, name) ?? '';
    const names = value.includes('"') ? [value] : value.split(separator).filter((part) => part !== '');
    const isWord = name === 'POSTGRES_DATABASE' && value === 'all';
    if (names.length < 2 && !isWord) continue;
    changes[name] = undefined;
    if (asked) continue;
    const list = isWord ? '*' : names.map(quoteName).join(',');
    changes['DATABASES'] = list;
    findings.warn(
      isWord
        ? `${name}=all is read as all databases, each with a backup of its own; write DATABASES=*, or DATABASES=all for one of that name`
        : `${name} names several databases, each of which gets a backup of its own; write DATABASES=${list}`,
    );
  }
  return changes;
}

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' || value === '**None**' ? undefined : value;
}

function quoteName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `"${name}"`;
}

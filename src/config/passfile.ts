import { readFileSync, statSync } from 'node:fs';
import type { PassfilePassword } from './config.ts';
import type { Findings } from './findings.ts';
import { Secret } from './secret.ts';

/** Whose password is looked for. */
export interface PassfileQuery {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/**
 * The passwords that a libpq password file has for this login, one for each database or for all of them; of those that
 * fit the first one counts. libpq silently ignores a file that others may read; here that is a problem, because the run
 * would fail later with a message about a missing password. `name` is what messages call the file.
 */
export function readPassfile(
  path: string,
  name: string,
  query: PassfileQuery,
  findings: Findings,
): readonly PassfilePassword[] {
  let lines: string[];
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      findings.problem(
        `${name} has the mode ${octal}, and libpq ignores a password file that others have access to; run chmod 0600 on it (in Kubernetes, where the file of a Secret belongs to root, set PGPASSWORD_FILE instead)`,
      );
      return [];
    }
    lines = readFileSync(path, 'utf8').split(/\r?\n/);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    findings.problem(`${name} names a file that cannot be read (${code}); for example PGPASSFILE=/run/secrets/pgpass`);
    return [];
  }
  // libpq looks under localhost for the default socket folder only; a named folder matches as it is written.
  const wanted = [query.host, String(query.port), undefined, query.user];
  const fits = (field: string | undefined, index: number): boolean =>
    wanted[index] === undefined || field === '*' || field === wanted[index];
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(splitLine)
    .filter((fields) => wanted.every((_, index) => fits(fields[index], index)))
    .map(([, , database, , password = '']) => ({
      database: database === '*' ? undefined : database,
      password: new Secret(password),
    }));
}

/** The one for this database. An empty one is none. */
export function passwordFor(database: string, passwords: readonly PassfilePassword[]): Secret | undefined {
  const found = passwords.find((entry) => entry.database === undefined || entry.database === database)?.password;
  return found?.reveal() === '' ? undefined : found;
}

/** Five fields between colons; a backslash takes away the meaning of what follows it, and the fifth takes all the rest. */
function splitLine(line: string): string[] {
  const fields: string[] = [];
  let field = '';
  for (let index = 0; index < line.length; index += 1) {
    const character = line.charAt(index);
    if (character === ':' && fields.length < 4) {
      fields.push(field);
      field = '';
    } else if (character === '\\' && index + 1 < line.length) field += line.charAt((index += 1));
    else field += character;
  }
  return [...fields, field];
}

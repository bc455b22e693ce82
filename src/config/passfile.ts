import { readFileSync, statSync } from 'node:fs';
import type { Findings } from './findings.ts';
import { Secret } from './secret.ts';

/** Whose password is looked for. */
export interface PassfileQuery {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * The password that a libpq password file has for this connection, or undefined. libpq silently ignores a file that
 * others may read; here that is a problem, because the run would fail later with a message about a missing password.
 * `name` is what messages call the file.
 */
export function readPassfile(path: string, name: string, query: PassfileQuery, findings: Findings): Secret | undefined {
  let lines: string[];
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      findings.problem(
        `${name} has the mode ${octal}, and libpq ignores a password file that others have access to; run chmod 0600 on it (in Kubernetes: defaultMode: 0400)`,
      );
      return undefined;
    }
    lines = readFileSync(path, 'utf8').split(/\r?\n/);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    findings.problem(`${name} names a file that cannot be read (${code}); for example PGPASSFILE=/run/secrets/pgpass`);
    return undefined;
  }
  // libpq looks under localhost for the default socket folder only; a named folder matches as it is written.
  const wanted = [query.host, String(query.port), query.database, query.user];
  for (const line of lines) {
    if (line === '' || line.startsWith('#')) continue;
    const fields = splitLine(line);
    if (wanted.every((value, index) => fields[index] === '*' || fields[index] === value)) {
      const password = fields[4];
      return password === undefined || password === '' ? undefined : findings.secret(new Secret(password));
    }
  }
  return undefined;
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
